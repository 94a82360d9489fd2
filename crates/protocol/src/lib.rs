//! What crosses between agents and between agent and hub, without I/O.
