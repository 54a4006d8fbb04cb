//! The program itself as a process: built, run to its end, or serving.

use anyhow::{Context, bail};
use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Where databases are kept between runs: beside the build, so that cleaning the build removes them.
pub fn cache() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("finding this program")?;
    let target = own.ancestors().nth(2).context("this program lies in no target folder")?;
    let folder = target.join("measure");
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    Ok(folder)
}

/// Builds the program in release and says where it is.
pub fn build() -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "--quiet", "-p", "lifejacket"])
        .status()
        .context("building the program")?;
    if !status.success() {
        bail!("the program doesn't build");
    }
    let own = std::env::current_exe().context("finding this program")?;
    let program = own.with_file_name(format!("lifejacket{}", std::env::consts::EXE_SUFFIX));
    if !program.exists() {
        bail!("{} is not there after the build: run this with `cargo run --release -p measure`", program.display());
    }
    Ok(program)
}

/// What a run of the program took.
pub struct Ran {
    /// Wall clock, seconds.
    pub seconds: f64,
    /// User and system, seconds.
    pub cpu_seconds: f64,
    /// What it printed.
    pub printed: String,
}

/// Runs the program to its end.
pub fn run(program: &Path, arguments: &[&str]) -> anyhow::Result<Ran> {
    let (cpu_before, started) = (children_cpu()?, Instant::now());
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().context("running the program")?;
    let seconds = started.elapsed().as_secs_f64();
    if !output.status.success() {
        bail!("`{}` failed:\n{}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(Ran { seconds, cpu_seconds: children_cpu()? - cpu_before, printed })
}

/// CPU seconds of children that have ended, as the kernel counts them (1/100 s).
fn children_cpu() -> anyhow::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat").context("reading /proc/self/stat")?;
    Ok(ticks(&stat, 13) + ticks(&stat, 14))
}

/// Seconds in a field of a `stat` file, counted from after the command's name, which may hold anything: utime, stime, cutime
/// and cstime are the fields 11 to 14.
fn ticks(stat: &str, place: usize) -> f64 {
    let field = stat.rsplit(')').next().unwrap_or_default().split_whitespace().nth(place);
    field.and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0) / 100.0
}

/// Seconds that this thread has had a core, as the scheduler counts them (in nanoseconds).
pub fn thread_cpu() -> anyhow::Result<f64> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").context("reading /proc/thread-self/schedstat")?;
    let nanoseconds = stat.split_whitespace().next().and_then(|field| field.parse::<f64>().ok());
    nanoseconds.map(|all| all / 1e9).context("the system doesn't tell how long a thread has run")
}

/// The program while it serves. It is ended when this is dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// When the process was asked for.
    pub started: Instant,
}

impl Server {
    /// Starts serving a store, on this core if one is named; comes back at once, before it listens.
    pub fn start(program: &Path, store: &Path, core: Option<usize>) -> anyhow::Result<Self> {
        Self::spawn(program, core, &["serve", "--data", &store.display().to_string()])
    }

    /// Starts `demo`, which makes its trial in a new folder and then serves it; comes back at once.
    pub fn demo(program: &Path, store: &Path) -> anyhow::Result<Self> {
        Self::spawn(program, None, &["demo", "--data", &store.display().to_string()])
    }

    fn spawn(program: &Path, core: Option<usize>, arguments: &[&str]) -> anyhow::Result<Self> {
        let address = free_address()?;
        let listen = address.to_string();
        let mut command = match core {
            Some(core) => {
                let mut command = Command::new("taskset");
                command.args(["--cpu-list", &core.to_string()]).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.args(arguments).args(["--listen", &listen]).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::null());
        let started = Instant::now();
        let child = command.spawn().context("starting the server (a named core needs `taskset` from util-linux)")?;
        Ok(Self { child, address, started })
    }

    /// Waits until somebody listens.
    pub fn wait(&mut self) -> anyhow::Result<()> {
        while self.started.elapsed() < Duration::from_secs(60) {
            if std::net::TcpStream::connect(self.address).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status} before it listened");
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        bail!("the server did not listen within a minute")
    }

    /// CPU seconds of the process so far, user and system (1/100 s).
    pub fn cpu(&self) -> anyhow::Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).context("reading its CPU time")?;
        Ok(ticks(&stat, 11) + ticks(&stat, 12))
    }

    /// Number of the process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory now and at its highest, in bytes.
    pub fn memory(&self) -> anyhow::Result<(u64, u64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).context("reading its memory")?;
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
        };
        of("VmRSS:").zip(of("VmHWM:")).context("the system doesn't tell its memory")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0").context("finding a free port")?.local_addr()?)
}

/// Puts a process and all its threads first in the queue, where we may; says whether it could.
pub fn first_in_line(process: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{process}/task"))
        .map(|all| all.filter_map(|one| one.ok()?.file_name().into_string().ok()).collect::<Vec<_>>());
    threads.is_ok_and(|threads| {
        Command::new("renice")
            .args(["-n", "-10", "-p"])
            .args(&threads)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    })
}

/// The cores that this process may use, as the system lists them: `0-1`.
pub fn cores() -> anyhow::Result<String> {
    let status = fs::read_to_string("/proc/self/status").context("reading /proc/self/status")?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    Ok(list.context("the system doesn't tell which cores there are")?.trim().to_owned())
}

/// Keeps this process, and the threads that it starts from now on, on these cores; says whether it could.
pub fn keep_to_cores(cores: &str) -> bool {
    Command::new("taskset")
        .args(["--all-tasks", "--cpu-list", "--pid", cores, &std::process::id().to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Bytes of a file or of all files in a folder.
pub fn size_of(path: &Path) -> anyhow::Result<u64> {
    let found = fs::metadata(path).with_context(|| format!("looking at {}", path.display()))?;
    if !found.is_dir() {
        return Ok(found.len());
    }
    fs::read_dir(path)?.map(|entry| size_of(&entry?.path())).sum()
}

/// Bytes as people say them.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Load on the machine in the last minute, for the reader of figures.
pub fn load() -> String {
    fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|text| text.split_whitespace().next().map(str::to_owned))
        .unwrap_or_else(|| "unknown".to_owned())
}
