//! `clawgate sim`: one simulated provider, or the list of what it can do.

use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use claw_runtime::sim::exchange::Seen;
use claw_runtime::sim::faults::FAULTS;
use claw_runtime::sim::provider::{Setup, Sim};
use claw_runtime::sim::script::Script;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Serve as a scripted provider
///
/// It answers POST /v1/chat/completions and GET /v1/models as OpenAI does, with exact usage.
/// What goes wrong is said by a request's own header (`x-sim: cut after 5`, or for one of several
/// simulators `x-sim: primary: cut after 5`), else by the first rule of the script that fits:
///
///     request 2..3         -> 429, retry-after 5s
///     model "gpt-5.4-mini" -> cut after 5
///     always               -> slow 200ms, crlf
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Show every fault, a line each, and end
    #[arg(long)]
    list: bool,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9101")]
    listen: SocketAddr,
    /// The name it gives itself in its answers
    #[arg(long, default_value = "sim")]
    name: String,
    /// What to do with which request
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// A model to list; may be repeated
    #[arg(long = "model", value_name = "NAME")]
    models: Vec<String>,
    /// Speak TLS with this certificate chain
    #[arg(long, value_name = "PEM", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of the certificate
    #[arg(long, value_name = "PEM", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

/// Runs it.
///
/// # Errors
/// A sentence that says what to do instead.
pub(crate) fn run(args: Args) -> Result<(), String> {
    if args.list {
        return written(list(&mut io::stdout().lock()));
    }
    let setup = setup(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    runtime.block_on(async {
        let (name, listen) = (setup.name.clone(), setup.listen);
        let sim = Sim::start(setup).await.map_err(|error| {
            format!("cannot listen on {listen}: {error}; name another with `--listen`")
        })?;
        written(writeln!(io::stdout(), "{name} listens on {}", sim.url()))?;
        std::future::pending::<()>().await;
        Ok(())
    })
}

fn setup(args: Args) -> Result<Setup, String> {
    let mut setup = Setup {
        listen: args.listen,
        told,
        ..Setup::named(&args.name)
    };
    if let Some(path) = &args.script {
        let text = fs::read_to_string(path).map_err(|error| cannot_read(path, &error))?;
        setup.script =
            Script::read(&text).map_err(|misreads| format!("{}:\n{misreads}", path.display()))?;
    }
    if !args.models.is_empty() {
        setup.models = args.models;
    }
    if let (Some(cert), Some(key)) = (&args.tls_cert, &args.tls_key) {
        setup.tls = Some(Arc::new(tls(cert, key)?));
    }
    Ok(setup)
}

fn tls(cert: &Path, key: &Path) -> Result<ServerConfig, String> {
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| cannot_read(cert, &error))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| cannot_read(key, &error))?;
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(chain, secret)
        })
        .map_err(|error| format!("{} and {}: {error}", cert.display(), key.display()))
}

fn cannot_read(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("cannot read {}: {error}", path.display())
}

/// A reader that has seen enough is no fault of ours.
fn written(done: io::Result<()>) -> Result<(), String> {
    match done {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("cannot write: {error}"))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn list(out: &mut impl io::Write) -> io::Result<()> {
    let width = FAULTS
        .iter()
        .map(|fault| fault.example.len())
        .max()
        .unwrap_or(0);
    for fault in FAULTS {
        writeln!(out, "{:width$}  {}", fault.example, fault.does)?;
    }
    Ok(())
}

/// One line for a request that ended.
fn told(name: &str, seen: &Seen) {
    let scripted = if seen.scripted.is_empty() {
        "ok"
    } else {
        &seen.scripted
    };
    let ended = seen.ended.map_or("", |ended| ended.word());
    let model: String = seen
        .model
        .chars()
        .filter(|c| !c.is_control())
        .take(64)
        .collect();
    let events = match seen.events {
        1 => "1 event".to_owned(),
        count => format!("{count} events"),
    };
    let line = format!(
        "{name} #{} {model}: {scripted} -> {events}, {ended}",
        seen.number
    );
    let _ = writeln!(io::stdout(), "{line}");
}
