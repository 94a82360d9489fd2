//! The window of the app, driven from outside as a browser is.

use std::{net::TcpListener, path::Path, process::Command, time::Duration};

use anyhow::{Context as _, Result, bail};
use fantoccini::{Client, ClientBuilder, Locator, elements::Element, wd::Capabilities};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{Desktop, outport_desktop};
use crate::process::{Process, wait_until};

/// A running app, and hands in its window.
#[derive(Debug)]
pub struct Browser {
    runtime: Runtime,
    client: Client,
    _driver: Process,
}

impl Browser {
    /// Starts the app for the owner of a home, with these arguments, under the driver of WebKit.
    ///
    /// # Errors
    /// When its window does not come.
    pub fn start(desktop: &Desktop, home: &Path, args: &[&str]) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new("WebKitWebDriver");
        desktop.show(&mut command).arg(format!("--port={port}"));
        command.env("OUTPORT_HOME", home);
        // Without it the app makes a window that no driver may touch.
        command.env("TAURI_WEBVIEW_AUTOMATION", "true");
        let log = desktop.path("driver.log");
        let driver = Process::start("WebKitWebDriver", &mut command, &log)?;
        wait_until(LIMIT, || Ok(std::net::TcpStream::connect(("127.0.0.1", port)).ok().map(drop)))
            .context("WebKitWebDriver does not listen")?;
        let app = json!({ "binary": outport_desktop(), "args": args });
        let capabilities: Capabilities =
            serde_json::from_value(json!({ "webkitgtk:browserOptions": app }))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let client = runtime.block_on(async {
            ClientBuilder::new(HttpConnector::new())
                .capabilities(capabilities)
                .connect(&format!("http://127.0.0.1:{port}"))
                .await
        })?;
        Ok(Self { runtime, client, _driver: driver })
    }

    /// Waits until something is found by a CSS selector.
    ///
    /// # Errors
    /// When it does not come; the page's text is in the message.
    pub fn find(&self, css: &str) -> Result<Element> {
        let found = wait_until(LIMIT, || {
            Ok(self.runtime.block_on(self.client.find(Locator::Css(css))).ok())
        });
        found.with_context(|| format!("no `{css}` in the page:\n{}", self.page_text()))
    }

    /// Waits until a button, link or the like with such a name is there, and clicks it.
    ///
    /// # Errors
    /// When there is none, or it cannot be clicked.
    pub fn click(&self, name: &str) -> Result<()> {
        let name = name.replace('\'', "\u{2019}");
        self.click_path(&format!(
            "//*[self::button or self::a or self::label or @role='button' or @role='menuitem' or @role='tab' or @role='option' or @role='switch'][not(@disabled)][normalize-space(.)='{name}' or @aria-label='{name}']"
        ))
    }

    /// Waits until something is found by an XPath, and clicks it.
    ///
    /// # Errors
    /// When there is none, or it cannot be clicked.
    pub fn click_path(&self, path: &str) -> Result<()> {
        let mut last = None;
        let clicked = wait_until(LIMIT, || {
            let click = async {
                let element = self.client.find(Locator::XPath(path)).await?;
                element.click().await
            };
            match self.runtime.block_on(click) {
                Ok(()) => Ok(Some(())),
                Err(error) => {
                    last = Some(error);
                    Ok(None)
                }
            }
        });
        clicked.with_context(|| {
            let page = self.page_text();
            format!("cannot click `{path}`: {last:?}\nthe page:\n{page}")
        })
    }

    /// Replaces what a field holds, as typing does.
    ///
    /// # Errors
    /// When there is no such field.
    pub fn fill(&self, css: &str, text: &str) -> Result<()> {
        let field = self.find(css)?;
        self.runtime.block_on(async {
            field.clear().await?;
            field.send_keys(text).await
        })?;
        Ok(())
    }

    /// The text of the first thing that is found.
    ///
    /// # Errors
    /// When there is none.
    pub fn text(&self, css: &str) -> Result<String> {
        Ok(self
            .runtime
            .block_on(async { self.client.find(Locator::Css(css)).await?.text().await })?)
    }

    /// Waits until the page says something.
    ///
    /// # Errors
    /// When it does not; what it says instead is in the message.
    pub fn wait_text(&self, wanted: &str) -> Result<()> {
        let says = || Ok(self.page_text().contains(wanted).then_some(()));
        wait_until(LIMIT, says)
            .with_context(|| format!("the page does not say `{wanted}` but:\n{}", self.page_text()))
    }

    /// All that the page says; the driver would leave out what is cut at the edge of its box.
    fn page_text(&self) -> String {
        match self.script("return document.body.innerText") {
            Ok(Value::String(text)) => text,
            Ok(_) | Err(_) => String::new(), // it may be loading; whoever waits asks again
        }
    }

    /// Runs a script in the page, with what the page itself may do and no more.
    ///
    /// # Errors
    /// When it throws.
    pub fn script(&self, script: &str) -> Result<Value> {
        Ok(self.runtime.block_on(self.client.execute(script, Vec::new()))?)
    }

    /// Runs a script whose last argument is a function that takes its answer.
    ///
    /// # Errors
    /// When it throws.
    pub fn script_answer(&self, script: &str) -> Result<Value> {
        Ok(self.runtime.block_on(self.client.execute_async(script, Vec::new()))?)
    }

    /// Asks the app for a command as its page does.
    ///
    /// # Errors
    /// When the app refuses.
    pub fn invoke(&self, command: &str, args: &Value) -> Result<Value> {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             window.__TAURI_INTERNALS__.invoke({}, {args})
               .then((data) => done({{ data }}), (error) => done({{ error }}));",
            json!(command)
        );
        let mut answer = self.script_answer(&script)?;
        if let Some(error) = answer.get("error") {
            bail!("`{command}` is refused: {error}");
        }
        Ok(answer["data"].take())
    }

    /// A picture of the window.
    ///
    /// # Errors
    /// When the driver makes none.
    pub fn screenshot(&self, file: &Path) -> Result<()> {
        let picture = self.runtime.block_on(self.client.screenshot())?;
        Ok(std::fs::write(file, picture)?)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends the app as well; one that has ended already is no matter.
        self.runtime.block_on(self.client.clone().close()).ok();
    }
}

/// What a busy machine may take until a page shows something.
const LIMIT: Duration = Duration::from_secs(30);
