//! macOS: CFNetwork, which applies the exceptions in the settings of the network and runs PAC scripts.
//!
//! A script is fetched and run by a source in a run loop. It has a thread, a mode and a time of its
//! own, and no two are run at once, which CFNetwork does not bear. CFNetwork may keep the source of a
//! script that cannot be fetched for a day, so it is given no pointer to what waits: the answer is left
//! in a variable of the thread.

use std::{
    cell::Cell,
    ffi::c_void,
    io,
    ptr::NonNull,
    thread,
    time::{Duration, Instant},
};

use objc2_cf_network::{
    CFNetworkCopyProxiesForURL, CFNetworkCopySystemProxySettings,
    kCFProxyAutoConfigurationJavaScriptKey, kCFProxyAutoConfigurationURLKey, kCFProxyHostNameKey,
    kCFProxyPortNumberKey, kCFProxyTypeAutoConfigurationJavaScript,
    kCFProxyTypeAutoConfigurationURL, kCFProxyTypeHTTP, kCFProxyTypeHTTPS, kCFProxyTypeKey,
    kCFProxyTypeNone, kCFProxyTypeSOCKS,
};
use objc2_core_foundation::{
    CFArray, CFDictionary, CFError, CFNumber, CFRetained, CFRunLoop, CFRunLoopSource,
    CFStreamClientContext, CFString, CFType, CFURL, ConcreteType,
};

use super::listed::{self, Entry};

/// Why macOS cannot be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookUpError {
    #[error("macOS does not understand the hub's address")]
    Target,
    #[error("a thread cannot be started")]
    Thread(#[source] io::Error),
    #[error("the system's library failed")]
    Library,
}

/// The best proxy for an address, spelled as other systems do. Whoever calls it sees to it that nobody
/// else does meanwhile.
pub(super) fn look_up(url: &str) -> Result<Option<String>, LookUpError> {
    let url = url.to_owned();
    // What the library leaves to a thread, such as its run loop, goes when the thread ends.
    let asking = thread::Builder::new().name("outport-proxy".to_owned()).spawn(move || ask(&url));
    asking.map_err(LookUpError::Thread)?.join().map_err(|_| LookUpError::Library)?
}

fn ask(url: &str) -> Result<Option<String>, LookUpError> {
    let until = Instant::now() + SCRIPTS_TIMEOUT;
    let target = CFURL::from_string(None, &CFString::from_str(url), None);
    let target = target.ok_or(LookUpError::Target)?;
    // SAFETY: it wants nothing, and what it gives is released by its type.
    #[expect(unsafe_code, reason = "the system's call")]
    let settings = unsafe { CFNetworkCopySystemProxySettings() };
    let Some(settings) = settings else { return Ok(None) };
    // SAFETY: the settings are what the call before made.
    #[expect(unsafe_code, reason = "the system's call")]
    let found = unsafe { CFNetworkCopyProxiesForURL(&target, &settings) };
    Ok(listed::best(entries(&found), |script| run(&script, &target, until)))
}

/// A PAC script: where it is, or its text.
enum Script {
    At(CFRetained<CFURL>),
    Text(CFRetained<CFString>),
}

/// Has the system run a script. A failure is told here, without the script's address, which may hold a
/// password, and names nothing.
fn run(script: &Script, target: &CFURL, until: Instant) -> Vec<Entry<Script>> {
    let mut context = CFStreamClientContext {
        version: 0,
        info: NonNull::dangling().as_ptr(), // not NULL, and never looked at
        retain: None,
        release: None,
        copyDescription: None,
    };
    // SAFETY: the objects live during the calls, `context` until the source is invalid, and `told` may
    // be called at any time.
    #[expect(unsafe_code, reason = "the system's calls")]
    let source = unsafe {
        match script {
            Script::At(url) => {
                CFNetworkExecuteProxyAutoConfigurationURL(url, target, told, &mut context)
            }
            Script::Text(text) => {
                CFNetworkExecuteProxyAutoConfigurationScript(text, target, told, &mut context)
            }
        }
    };
    let (Some(source), Some(run_loop)) = (source, CFRunLoop::current()) else {
        tracing::debug!("macOS does not begin with the script that names proxies");
        return Vec::new();
    };
    // SAFETY: the caller owns what these calls give, whatever they are called.
    #[expect(unsafe_code, reason = "the system's rule")]
    let source = unsafe { CFRetained::from_raw(source) };
    let mode = CFString::from_static_str("org.outport.proxy");
    run_loop.add_source(Some(&source), Some(&mode));
    let left = until.saturating_duration_since(Instant::now());
    CFRunLoop::run_in_mode(Some(&mode), left.as_secs_f64(), false);
    run_loop.remove_source(Some(&source), Some(&mode));
    source.invalidate();
    ANSWER.take().unwrap_or_else(|| {
        tracing::debug!("the script that names proxies did not end in time");
        Vec::new()
    })
}

/// Leaves what a script named to the thread that waits in [`run`], which is the one that this is called
/// on, and ends the wait.
extern "C-unwind" fn told(_: *mut c_void, named: Option<&CFArray>, error: Option<&CFError>) {
    let answer = match (named, error) {
        (Some(named), None) => entries(named),
        (_, error) => {
            let domain = error.and_then(CFError::domain).map(|domain| domain.to_string());
            let code = error.map(CFError::code);
            tracing::debug!(domain, code, "the script that names proxies failed");
            Vec::new()
        }
    };
    ANSWER.set(Some(answer));
    if let Some(run_loop) = CFRunLoop::current() {
        run_loop.stop();
    }
}

thread_local! {
    static ANSWER: Cell<Option<Vec<Entry<Script>>>> = const { Cell::new(None) };
}

// The crate has these too, but for it a list of proxies comes even when a script failed. It is NULL.
#[link(name = "CFNetwork", kind = "framework")]
#[expect(unsafe_code, reason = "the system's calls")]
unsafe extern "C-unwind" {
    fn CFNetworkExecuteProxyAutoConfigurationURL(
        script: &CFURL,
        target: &CFURL,
        told: Told,
        context: &mut CFStreamClientContext,
    ) -> Option<NonNull<CFRunLoopSource>>;

    fn CFNetworkExecuteProxyAutoConfigurationScript(
        script: &CFString,
        target: &CFURL,
        told: Told,
        context: &mut CFStreamClientContext,
    ) -> Option<NonNull<CFRunLoopSource>>;
}

type Told = extern "C-unwind" fn(*mut c_void, Option<&CFArray>, Option<&CFError>);

fn entries(found: &CFArray) -> Vec<Entry<Script>> {
    // SAFETY: CFNetwork lists objects; what they are is looked at below.
    #[expect(unsafe_code, reason = "the system's types are not checked")]
    let found = unsafe { found.cast_unchecked::<CFType>() };
    let words = Words::of_the_system();
    let entry = |object: CFRetained<CFType>| match object.downcast::<CFDictionary>() {
        Ok(entry) => words.entry(&entry).unwrap_or(Entry::Other),
        Err(_) => Entry::Other,
    };
    found.iter().take(ENTRIES_MAX).map(entry).collect()
}

/// The system's words in the entries of its lists.
struct Words {
    kind: &'static CFString,
    straight: &'static CFString,
    http: &'static CFString,
    https: &'static CFString,
    socks: &'static CFString,
    by_script_at: &'static CFString,
    by_script: &'static CFString,
    host: &'static CFString,
    port: &'static CFString,
    script_url: &'static CFString,
    script_text: &'static CFString,
}

impl Words {
    fn of_the_system() -> Self {
        // SAFETY: the system's constants are there as soon as its library is, and never change.
        #[expect(unsafe_code, reason = "the system's constants")]
        unsafe {
            Self {
                kind: kCFProxyTypeKey,
                straight: kCFProxyTypeNone,
                http: kCFProxyTypeHTTP,
                https: kCFProxyTypeHTTPS,
                socks: kCFProxyTypeSOCKS,
                by_script_at: kCFProxyTypeAutoConfigurationURL,
                by_script: kCFProxyTypeAutoConfigurationJavaScript,
                host: kCFProxyHostNameKey,
                port: kCFProxyPortNumberKey,
                script_url: kCFProxyAutoConfigurationURLKey,
                script_text: kCFProxyAutoConfigurationJavaScriptKey,
            }
        }
    }

    /// Nothing where something is missing or of another type than it should be.
    fn entry(&self, entry: &CFDictionary) -> Option<Entry<Script>> {
        let kind = value::<CFString>(entry, self.kind)?;
        let is = |word: &CFString| *kind == *word;
        if is(self.straight) {
            return Some(Entry::Straight);
        }
        if is(self.by_script_at) {
            return Some(Entry::Script(Script::At(value(entry, self.script_url)?)));
        }
        if is(self.by_script) {
            return Some(Entry::Script(Script::Text(value(entry, self.script_text)?)));
        }
        let scheme = if is(self.http) || is(self.https) {
            "http" // the latter is no proxy behind TLS, but one for addresses that begin so
        } else if is(self.socks) {
            "socks5"
        } else {
            tracing::debug!(%kind, "macOS names a proxy of a kind that is of no use");
            return None;
        };
        let host = value::<CFString>(entry, self.host)?.to_string();
        let port = value::<CFNumber>(entry, self.port).and_then(|port| port.as_i32());
        Some(Entry::Proxy { scheme, host, port })
    }
}

/// What an entry has under a word, if it is of that type.
fn value<T: ConcreteType>(entry: &CFDictionary, word: &CFString) -> Option<CFRetained<T>> {
    // SAFETY: in the entries that CFNetwork makes, words stand for objects.
    #[expect(unsafe_code, reason = "the system's types are not checked")]
    let entry = unsafe { entry.cast_unchecked::<CFString, CFType>() };
    entry.get(word)?.downcast().ok()
}

/// For all scripts together: less than anybody waits for the answer, so that what stands behind a
/// script that cannot be fetched still counts.
const SCRIPTS_TIMEOUT: Duration = Duration::from_millis(2_500);
/// Nobody has as many proxies; what a script makes up must not grow without end.
const ENTRIES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_answers() {
        let answer = look_up(HUB).unwrap();
        assert!(answer.is_none_or(|answer| answer.contains("://")));
        assert!(matches!(look_up(&format!("{HUB}%A")), Err(LookUpError::Target)));
    }

    #[test]
    fn scripts_are_run() {
        look_up(HUB).unwrap(); // CFNetwork begins with a script only after such a question
        let through = |script: &str| {
            let target = CFURL::from_string(None, &CFString::from_str(HUB), None).unwrap();
            let script = Entry::Script(Script::Text(CFString::from_str(script)));
            let until = Instant::now() + Duration::from_secs(60);
            listed::best(vec![script], |script| run(&script, &target, until))
        };
        let http =
            r#"function FindProxyForURL(url, host) { return "PROXY " + host + ":3128; DIRECT"; }"#;
        assert_eq!(through(http).as_deref(), Some("http://hub.example.org:3128"));
        let socks = r#"function FindProxyForURL(url, host) { return "SOCKS proxy.lan:1080"; }"#;
        assert_eq!(through(socks).as_deref(), Some("socks5://proxy.lan:1080"));
        let straight = r#"function FindProxyForURL(url, host) { return "DIRECT"; }"#;
        assert_eq!(through(straight).as_deref(), Some("direct://"));
    }

    #[test]
    fn entries_of_other_types_are_of_no_use() {
        let words = Words::of_the_system();
        let number = CFNumber::new_i32(8080);
        let text = CFString::from_str("proxy.lan");
        let entry = |pairs: &[(&CFString, &CFType)]| {
            let (words, values): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
            CFDictionary::from_slices(&words, &values)
        };
        let good: [(&CFString, &CFType); 3] =
            [(words.kind, words.https), (words.host, &text), (words.port, &number)];
        let no_host = [good[0], (words.host, &number), good[2]];
        let no_port = [good[0], good[1], (words.port, &text)];
        let lists = [entry(&good), entry(&no_host), entry(&no_port)];
        let lists: [&CFType; 4] = [&lists[0], &lists[1], &lists[2], &number];
        let list = CFArray::from_objects(&lists);
        let spelled = entries(list.as_opaque())
            .into_iter()
            .map(|entry| listed::best(vec![entry], |_| Vec::new()));
        let expected = [Some("http://proxy.lan:8080"), None, Some("http://proxy.lan"), None];
        assert_eq!(spelled.collect::<Vec<_>>(), expected.map(|text| text.map(str::to_owned)));
    }

    const HUB: &str = "https://hub.example.org/";
}
