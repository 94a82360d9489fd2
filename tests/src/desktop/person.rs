//! What somebody does in the browser to sign in.

use anyhow::{Context as _, Result, ensure};
use reqwest::Client;

use crate::world::PASSWORD;

/// Signs in on the page at `url`, agrees, and is sent back to the app.
///
/// # Errors
/// When the hub or the app does not play its part.
pub fn sign_in(url: &str, handle: &str) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let browser = Client::builder().cookie_store(true).build()?;
        let page = browser.get(url).send().await?;
        let hub = page.url().clone();
        let page = page.text().await?;
        ensure!(page.contains("name=\"password\""), "no sign-in page:\n{page}");
        let form = fields(&page, &[("login", handle), ("password", PASSWORD)]);
        let answer = browser.post(hub.join("/outport/sign-in")?).form(&form).send().await?;
        let page = answer.text().await?;
        let form = fields(&page, &[("answer", "allow")]);
        let answer = browser.post(hub.join("/v2/oauth2/authorize")?).form(&form).send().await?;
        let back = answer.url().clone();
        ensure!(back.port() != hub.port(), "not sent back to the app but to {back}");
        answer.error_for_status().context("the app refuses the answer")?;
        Ok(())
    })
}

/// The hidden fields of the page's form, with more.
fn fields(page: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut form = Vec::new();
    for input in page.split("<input type=\"hidden\" ").skip(1) {
        let attribute = |name: &str| {
            let rest = input.split_once(&format!("{name}=\"")).map_or("", |(_, rest)| rest);
            unescape(rest.split('"').next().unwrap_or_default())
        };
        form.push((attribute("name"), attribute("value")));
    }
    form.extend(more.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    form
}

fn unescape(text: &str) -> String {
    text.replace("&#38;", "&").replace("&#34;", "\"").replace("&#60;", "<").replace("&#62;", ">")
}
