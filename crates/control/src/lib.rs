//! What a tray, a window or a command may ask of a running agent.
