//! The proxies that are compared, each started the way its users would.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::process::{Running, pinned};
use crate::wire::{self, Kind};
use crate::{Failure, cpu, memory};

/// A proxy that serves.
pub(crate) struct Contestant {
    /// What the tables call it.
    pub(crate) name: &'static str,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    process: Running,
    _folder: Option<TempDir>,
}

impl Contestant {
    /// CPU it has used so far.
    pub(crate) fn on_cpu_ns(&self) -> Result<u64, Failure> {
        cpu::on_cpu_ns(self.process.id())
    }

    /// Its memory in RAM.
    pub(crate) fn resident_kib(&self) -> Result<u64, Failure> {
        memory::resident_kib(self.process.id())
    }
}

/// The bare hyper proxy.
pub(crate) fn twin(core: Option<usize>, upstream: SocketAddr) -> Result<Contestant, Failure> {
    let mut process = Running::role(core, &["twin", &upstream.to_string()])?;
    let address = process.line()?.parse()?;
    serving(
        Contestant {
            name: "bare hyper",
            address,
            process,
            _folder: None,
        },
        wire::MODEL_ASKED,
    )
}

/// The gateway's binary: what `CLAWGATE` names, else the release build beside this bench.
pub(crate) fn clawgate() -> Result<PathBuf, Failure> {
    let path = match std::env::var_os("CLAWGATE") {
        Some(path) => PathBuf::from(path),
        // target/release/deps/relay-0123456789abcdef
        None => std::env::current_exe()?
            .ancestors()
            .nth(2)
            .unwrap_or(&PathBuf::new())
            .join("clawgate"),
    };
    if path.is_file() {
        return Ok(path);
    }
    Err(format!(
        "{} is absent: build it first: cargo build --release",
        path.display()
    )
    .into())
}

/// The gateway on one worker, with a caller to know, a route to decide and a model name to replace.
pub(crate) fn gateway(
    core: Option<usize>,
    upstream: SocketAddr,
    program: PathBuf,
) -> Result<Contestant, Failure> {
    let folder = TempDir::new()?;
    let [address, admin] = [free_port()?, free_port()?];
    let policy = folder.path().join("policy");
    fs::create_dir(&policy)?;
    let (asked, sent, key) = (wire::MODEL_ASKED, wire::MODEL_SENT, wire::KEY_SHA256);
    fs::write(
        policy.join("bench.claw"),
        format!(
            r#"policy bench

provider sim {{
  api   openai
  url   "http://{upstream}/v1"
  key   none
  model large "{sent}"
}}

client bench {{ key sha256 "{key}" }}

class chat {{
  primary sim/large
  timeout connect 2s, first-token 20s, idle 30s, total 5m
  fail    closed
}}

route {{
  when client is bench and model is "{asked}" -> chat
  otherwise -> deny 400 "this policy serves one model"
}}
"#
        ),
    )?;
    let mut command = pinned(core, program);
    command.arg("run").arg(&policy).args(["--workers", "1"]);
    command.args([
        "--listen",
        &address.to_string(),
        "--admin",
        &admin.to_string(),
        "--drain-delay",
        "0s",
    ]);
    let process = quiet(command, &folder)?;
    let gateway = Contestant {
        name: "clawgate",
        address,
        process,
        _folder: Some(folder),
    };
    serving(gateway, wire::MODEL_SENT)
}

/// nginx as a plain proxy, or nothing where it is not installed.
pub(crate) fn nginx(
    core: Option<usize>,
    upstream: SocketAddr,
) -> Result<Option<Contestant>, Failure> {
    if Command::new("nginx")
        .arg("-v")
        .stderr(Stdio::null())
        .status()
        .is_err()
    {
        return Ok(None);
    }
    let folder = TempDir::new()?;
    let address = free_port()?;
    fs::write(
        folder.path().join("nginx.conf"),
        nginx_conf(address, upstream),
    )?;
    let mut command = pinned(core, "nginx");
    command
        .arg("-p")
        .arg(folder.path())
        .args(["-c", "nginx.conf", "-e", "stderr"]);
    let process = quiet(command, &folder)?;
    let nginx = Contestant {
        name: "nginx",
        address,
        process,
        _folder: Some(folder),
    };
    serving(nginx, wire::MODEL_ASKED).map(Some)
}

/// `master_process off` makes the one worker the process we started, so that ending it ends all.
fn nginx_conf(address: SocketAddr, upstream: SocketAddr) -> String {
    format!(
        r"daemon off;
master_process off;
worker_processes 1;
pid nginx.pid;
error_log stderr crit;
worker_rlimit_nofile 20000;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path body; proxy_temp_path proxy;
  fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  upstream sim {{ server {upstream}; keepalive 256; keepalive_requests 100000000; }}
  server {{
    listen {address};
    location / {{
      proxy_pass http://sim;
      proxy_http_version 1.1;
      proxy_set_header Connection '';
      proxy_buffering off;
    }}
  }}
}}
"
    )
}

/// Starts with no output but its errors, which go to a file that is shown if it fails to serve.
fn quiet(mut command: Command, folder: &TempDir) -> Result<Running, Failure> {
    let errors = File::create(folder.path().join("errors"))?;
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(errors);
    Running::start(command)
}

/// Waits until it answers, and checks that the provider saw the model it should see.
fn serving(mut contestant: Contestant, model: &str) -> Result<Contestant, Failure> {
    let mut last = String::from("nothing listens");
    let up = contestant
        .process
        .wait_until(|| match probe(contestant.address) {
            Ok(answer) => {
                let served = answer.starts_with("HTTP/1.1 200 ") && answer.contains(model);
                last = answer;
                served
            }
            Err(_) => false,
        });
    let Err(failure) = up else {
        return Ok(contestant);
    };
    let name = contestant.name;
    let errors = contestant
        ._folder
        .as_ref()
        .map(|folder| folder.path().join("errors"));
    let errors = errors
        .and_then(|path| fs::read_to_string(path).ok())
        .unwrap_or_default();
    Err(format!("{name}: {failure}\nits last answer: {last}\nits messages:\n{errors}").into())
}

fn probe(address: SocketAddr) -> Result<String, Failure> {
    let mut socket = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    socket.write_all(&wire::request(Kind::Plain))?;
    let mut received = vec![0; 16 * 1024];
    let mut end = 0;
    loop {
        end += socket.read(&mut received[end..])?;
        let message = wire::message(&received[..end]);
        if message.is_some_and(|m| end >= m.head_bytes + m.body_bytes.unwrap_or(0)) {
            return Ok(String::from_utf8_lossy(&received[..end]).into_owned());
        }
    }
}

/// An address nobody listens on; another process could take it before its user does.
fn free_port() -> Result<SocketAddr, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
