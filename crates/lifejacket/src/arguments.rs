//! The command line.

use clap::{Args, Parser, Subcommand};
use std::{net::SocketAddr, path::PathBuf};

/// Runs a programme of MDMA-assisted therapy for PTSD, from the first call to the last follow-up.
#[derive(Debug, Parser)]
#[command(name = "lifejacket", version, about, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build a demonstration trial (synthetic people) and show it in the browser.
    Demo(Demo),
    /// Start a real trial: study, sites, first administrator, allocation list.
    Init(Init),
    /// Seal an allocation list or a first stock where it is made, for a store whose people may not know it.
    #[command(subcommand)]
    Seal(Seal),
    /// Make, list and mend the accounts of a store.
    #[command(subcommand)]
    Account(Account),
    /// Serve a store's pages.
    Serve(Serve),
    /// Check, show and compare studies.
    #[command(subcommand)]
    Study(Study),
    /// Take commands as JSON lines, and answer each with its entries or its refusal.
    Apply(Apply),
    /// Print a JSON Schema.
    #[command(subcommand)]
    Schema(Schema),
    /// Print the rule book.
    Rules(Rules),
    /// What a participant may do next, and what stands in the way of the rest.
    Why(Why),
    /// What each site needs of the drug in the coming weeks, what ends first, what to send: as CSV, telling no arm.
    Forecast(Forecast),
    /// Freeze the analysis plan and lock the record, with two signatures; it opens the allocation for the analysis.
    Lock(Lock),
    /// Analyse the record by the study's plan: tables, figures and every number, as HTML, CSV and JSON.
    Report(Report),
    /// Lead from a number of the report to the entries under it.
    Trace(Trace),
    /// Make the current tables anew from the log.
    Rebuild(Data),
    /// Prove the chain and the current tables, or a record that was written out; exit 1 naming the first bad entry.
    Verify(Verify),
    /// Write the record out.
    #[command(subcommand)]
    Export(Export),
    /// Score an instrument.
    Score(Score),
    /// Drive virtual people and staff through the rules.
    Simulate(Simulate),
    /// Fit the mixed model for repeated measures to a table.
    Mmrm(Mmrm),
    /// Simulate the analysis of a trial that is planned: power, type I error, bias, coverage, stopping.
    Design(Design),
}

/// A store.
#[derive(Debug, Args, Clone)]
pub struct Data {
    /// Folder of the store.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
}

/// `verify`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["data", "file"]))]
pub struct Verify {
    /// Folder of the store; nothing in it is changed, and it may lie where nobody can write.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// A record that `export record` wrote: its chains alone, with no store.
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Heads that were written down elsewhere (`--print-heads`): the chains must still go through them.
    #[arg(long, value_name = "FILE")]
    pub heads: Option<PathBuf>,
    /// Print the heads alone, to be written down elsewhere.
    #[arg(long)]
    pub print_heads: bool,
    /// Don't look at the keys: for a copy that was delivered without them.
    #[arg(long, conflicts_with = "file")]
    pub without_keys: bool,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Folder for the store; a temporary one without it.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Seed of everything that is drawn.
    #[arg(long, default_value_t = 104)]
    pub seed: u64,
    /// Participants to randomise.
    #[arg(long)]
    pub participants: Option<u32>,
    /// Stop on this day, with the trial still under way; without it, at the last visit.
    #[arg(long, value_name = "DATE")]
    pub until: Option<jiff::civil::Date>,
    /// Address to listen on; loopback only.
    #[arg(long, default_value = "127.0.0.1:8104")]
    pub listen: SocketAddr,
    /// Build and stop.
    #[arg(long)]
    pub no_serve: bool,
}

/// `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Folder for the new store; must be empty or absent.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Folder of the study's files, or the name of one that the program carries.
    #[arg(long, value_name = "DIR|NAME")]
    pub study: String,
    /// Sites to open; all of the study's without it.
    #[arg(long, value_name = "ID")]
    pub site: Vec<String>,
    /// Login of the first administrator.
    #[arg(long, value_name = "LOGIN")]
    pub administrator: String,
    /// Their name as it is shown.
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// File with their password and PIN, one a line; asked for on the terminal without it.
    #[arg(long, value_name = "FILE")]
    pub secrets: Option<PathBuf>,
    /// Allocation list made elsewhere: sealed (`seal list`), or plain (CSV: stratum, position, arm); made here without it.
    #[arg(long, value_name = "FILE")]
    pub allocation: Option<PathBuf>,
    /// First stock: sealed (`seal stock`), or plain (CSV: site, container, content, part, level, lot, expires).
    #[arg(long, value_name = "FILE")]
    pub stock: Option<PathBuf>,
    /// Key that list and stock were sealed with; it becomes the store's. A new one is drawn without it.
    #[arg(long, value_name = "FILE")]
    pub sealed_key: Option<PathBuf>,
}

/// `seal`.
#[derive(Debug, Subcommand)]
pub enum Seal {
    /// Draw a key.
    Key {
        /// File for it; must not exist.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Seal an allocation list, made elsewhere or here by the study's plan.
    List(SealTable),
    /// Seal a first stock.
    Stock(SealTable),
}

/// What is sealed, and with what.
#[derive(Debug, Args)]
pub struct SealTable {
    /// Folder of the study's files, or the name of one that the program carries.
    #[arg(long, value_name = "DIR|NAME")]
    pub study: String,
    /// The plain table (CSV); a list is made by the study's plan without it.
    #[arg(long, value_name = "FILE")]
    pub table: Option<PathBuf>,
    /// Key to seal with.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// File for what is sealed; must not exist.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// `account`.
#[derive(Debug, Subcommand)]
pub enum Account {
    /// Make an account; its one-time password is printed once, and replaced at the first sign-in.
    Add {
        /// The store.
        #[command(flatten)]
        data: Data,
        /// What they type to sign in.
        login: String,
        /// Their name as it is shown.
        #[arg(long, value_name = "NAME")]
        name: String,
        /// The staff id by which the record knows them; the login without it.
        #[arg(long, value_name = "ID", conflicts_with = "participant")]
        staff: Option<String>,
        /// The participant's code, for an account of a participant.
        #[arg(long, value_name = "CODE")]
        participant: Option<String>,
        /// File with password and, on a second line, PIN that they chose themselves; `-` for standard input.
        #[arg(long, value_name = "FILE")]
        secrets: Option<PathBuf>,
    },
    /// List accounts and how they stand.
    List {
        /// The store.
        #[command(flatten)]
        data: Data,
    },
    /// Give a new one-time password, printed once; all sessions of the account end.
    Password {
        /// The account, the store and the secret.
        #[command(flatten)]
        whose: Whose,
    },
    /// Set a PIN that they chose themselves: from a file, or asked for.
    Pin {
        /// The account, the store and the secret.
        #[command(flatten)]
        whose: Whose,
    },
    /// Unlock an account, or switch it on again.
    Unlock {
        /// The store.
        #[command(flatten)]
        data: Data,
        /// Whose.
        login: String,
    },
    /// Switch an account off; all its sessions end.
    Disable {
        /// The store.
        #[command(flatten)]
        data: Data,
        /// Whose.
        login: String,
    },
}

/// An account with a secret for it.
#[derive(Debug, Args)]
pub struct Whose {
    /// The store.
    #[command(flatten)]
    pub data: Data,
    /// Whose.
    pub login: String,
    /// File with the secret that they chose themselves; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub secrets: Option<PathBuf>,
}

/// `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// The store.
    #[command(flatten)]
    pub data: Data,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8104")]
    pub listen: SocketAddr,
}

/// `study`.
#[derive(Debug, Subcommand)]
pub enum Study {
    /// Report every mistake in a study's files at once.
    Check {
        /// Folder of the study, or the name of one that the program carries.
        study: String,
        /// As JSON lines.
        #[arg(long)]
        json: bool,
    },
    /// Print the schedule of activities, criteria and doses.
    Show {
        /// Folder of the study, or the name of one that the program carries.
        study: String,
    },
    /// Explore the rules as a study sets them, and show the shortest way to a harm; exit 1 if there is one.
    Prove(Prove),
    /// Say in words what B changes in A.
    Diff {
        /// The earlier version.
        a: String,
        /// The later version.
        b: String,
    },
    /// Load a further version into a store: an amendment, to be adopted there.
    Add {
        /// Folder of the study, or the name of one that the program carries.
        study: String,
        /// The store.
        #[command(flatten)]
        data: Data,
    },
    /// Names of the studies that the program carries.
    List,
}

/// `study prove`.
#[derive(Debug, Args)]
pub struct Prove {
    /// Folder of the study, or the name of one that the program carries.
    pub study: String,
    /// More than a million distinct states, in some minutes; without it, seconds.
    #[arg(long)]
    pub deep: bool,
    /// States to keep at most, in place of the bound of the deep run.
    #[arg(long, value_name = "N")]
    pub states: Option<usize>,
    /// Switch one rule off (or one answer to a fact, `answer.dose_twice`), and show the harm that then happens.
    #[arg(long, value_name = "RULE", conflicts_with_all = ["deep", "each_without", "faults"])]
    pub without: Option<String>,
    /// Switch off every rule and every answer, one by one (a minute); exit 1 if nothing notices the absence of one.
    #[arg(long, conflicts_with_all = ["deep", "faults"])]
    pub each_without: bool,
    /// Simulate this many whole sessions with slips and mischief instead; exit 1 if anything got through.
    #[arg(long, value_name = "SESSIONS", conflicts_with = "deep")]
    pub faults: Option<u64>,
    /// With `--each-without`, as a page in Markdown.
    #[arg(long, requires = "each_without")]
    pub markdown: bool,
    /// Seed of what goes wrong.
    #[arg(long, default_value_t = 104)]
    pub seed: u64,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// `apply`.
#[derive(Debug, Args)]
pub struct Apply {
    /// The store.
    #[command(flatten)]
    pub data: Data,
    /// File of commands, one JSON object a line; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub commands: PathBuf,
    /// Login of the one who acts.
    #[arg(long = "as", value_name = "LOGIN")]
    pub login: String,
    /// Login of the second person, for acts that need two.
    #[arg(long, value_name = "LOGIN")]
    pub second: Option<String>,
    /// File with the password (and on a second line the second person's); asked for on the terminal without it. Not
    /// needed for personas of a synthetic store.
    #[arg(long, value_name = "FILE")]
    pub secrets: Option<PathBuf>,
}

/// `schema`.
#[derive(Debug, Subcommand)]
pub enum Schema {
    /// The commands that `apply` and the server take.
    Commands,
}

/// `rules`.
#[derive(Debug, Args)]
pub struct Rules {
    /// Study whose conditions are shown with the rules: a folder or a name that the program carries.
    #[arg(long, default_value = "reference-mapp2")]
    pub study: String,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
    /// As the page that lies in `docs/rules.md`: the rules alone, without a study's own conditions.
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
}

/// `why`.
#[derive(Debug, Args)]
pub struct Why {
    /// The participant's code.
    pub participant: String,
    /// The store.
    #[command(flatten)]
    pub data: Data,
    /// As it was known at the end of this day (or at this moment).
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<String>,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// `forecast`.
#[derive(Debug, Args)]
pub struct Forecast {
    /// The store.
    #[command(flatten)]
    pub data: Data,
    /// One site; all of them otherwise.
    #[arg(long, value_name = "SITE")]
    pub site: Option<String>,
}

/// `report`.
#[derive(Debug, Args)]
pub struct Report {
    /// The store.
    #[command(flatten)]
    pub data: Data,
    /// Folder to write to; files of an earlier report are replaced.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Make arms up from a seed, for rehearsal; said on every page.
    #[arg(long, value_name = "SEED")]
    pub dummy: Option<u64>,
}

/// `trace`.
#[derive(Debug, Args)]
pub struct Trace {
    /// Table of the report: `primary`.
    pub table: String,
    /// Row and column: `T4-lsmean.difference`.
    #[arg(value_name = "ROW.COLUMN")]
    pub cell: String,
    /// The store.
    #[command(flatten)]
    pub data: Data,
    /// The seed of a rehearsal's dummy arms.
    #[arg(long, value_name = "SEED")]
    pub dummy: Option<u64>,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// `lock`.
#[derive(Debug, Args)]
pub struct Lock {
    /// The store.
    #[command(flatten)]
    pub data: Data,
    /// Login of the one who signs; in a synthetic store the persona of the data manager without it.
    #[arg(long = "as", value_name = "LOGIN")]
    pub login: Option<String>,
    /// Login of the second person who signs; in a synthetic store the persona of the administrator without it.
    #[arg(long, value_name = "LOGIN")]
    pub second: Option<String>,
    /// File with the two passwords, one a line. Not needed for personas of a synthetic store.
    #[arg(long, value_name = "FILE")]
    pub secrets: Option<PathBuf>,
    /// Why the record is locked over what is still open, or why it is opened again.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// List what is still open, and stop.
    #[arg(long, conflicts_with_all = ["freeze_only", "unlock"])]
    pub list: bool,
    /// Freeze the analysis plan, and stop.
    #[arg(long, conflicts_with = "unlock")]
    pub freeze_only: bool,
    /// Open a locked record again; needs a reason.
    #[arg(long)]
    pub unlock: bool,
}

/// `export`.
#[derive(Debug, Subcommand)]
pub enum Export {
    /// Each current table as CSV, with a data dictionary.
    Csv {
        /// The store.
        #[command(flatten)]
        data: Data,
        /// Folder to write to; must be empty or absent.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// As it was known at the end of this day (or at this moment). Takes as long as a rebuild.
        #[arg(long, value_name = "DATE")]
        as_of: Option<String>,
    },
    /// The whole log as text, one link a line with its hash, to be verified anywhere (`verify --file`, docs/record-format.md).
    Record {
        /// The store.
        #[command(flatten)]
        data: Data,
        /// File to write to; must not exist.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// `score`.
#[derive(Debug, Args)]
pub struct Score {
    /// Instrument: `caps5`, `pcl5`, `phq9`, ….
    pub instrument: String,
    /// Form pack (TOML) of the licence holder: keys and norms of scales that need them.
    #[arg(long, value_name = "FILE")]
    pub pack: Option<PathBuf>,
    /// File of responses; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub responses: PathBuf,
    /// Many cases, one JSON object a line.
    #[arg(long)]
    pub lines: bool,
}

/// `simulate`.
#[derive(Debug, Args)]
pub struct Simulate {
    /// Folder of the study, or the name of one that the program carries.
    #[arg(long, default_value = "demonstration")]
    pub study: String,
    /// Participants to randomise (or treat).
    #[arg(long)]
    pub participants: Option<u32>,
    /// Stop on this day, with the trial still under way; without it, at the last visit.
    #[arg(long, value_name = "DATE")]
    pub until: Option<jiff::civil::Date>,
    /// Seed of everything that is drawn.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Scenario: a name that the program carries or a file.
    #[arg(long)]
    pub scenario: Option<String>,
    /// Folder for the store.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
}

/// `mmrm`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("model").required(true).args(["spec", "data"]))]
pub struct Mmrm {
    /// File with the `spec` object of a fit, or a whole reference file; everything it asks for is printed as JSON.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["formula", "subject", "visit", "arm", "covariance", "df",
        "vcov", "group", "coordinates", "weights", "ml", "levels"])]
    pub spec: Option<PathBuf>,
    /// Comma-separated text with a header row, one row a person and visit; `-` for standard input.
    #[arg(long, value_name = "FILE", requires = "formula")]
    pub data: Option<PathBuf>,
    /// The model: `change ~ baseline + arm*visit + site`.
    #[arg(long)]
    pub formula: Option<String>,
    /// Column of the participants.
    #[arg(long, value_name = "COLUMN")]
    pub subject: Option<String>,
    /// Column of the visits.
    #[arg(long, value_name = "COLUMN")]
    pub visit: Option<String>,
    /// Column of the arms, for means and differences by arm and visit.
    #[arg(long, value_name = "COLUMN")]
    pub arm: Option<String>,
    /// us, cs, csh, ar1, ar1h, ad, adh, toep, toeph, sp_exp; a list `us,toeph,ar1h,cs` is tried in that order [default: us]
    #[arg(long, value_name = "NAME")]
    pub covariance: Option<String>,
    /// Degrees of freedom: kr (linear), kr-full, satterthwaite, between-within, residual [default: kr]
    #[arg(long, value_name = "NAME")]
    pub df: Option<String>,
    /// Covariance of the estimates: model, cr0, cr2, cr3 [default: model]
    #[arg(long, value_name = "NAME")]
    pub vcov: Option<String>,
    /// Column whose levels have covariances of their own.
    #[arg(long, value_name = "COLUMN")]
    pub group: Option<String>,
    /// Columns of the coordinates for sp_exp.
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    pub coordinates: Vec<String>,
    /// Column of the weights.
    #[arg(long, value_name = "COLUMN")]
    pub weights: Option<String>,
    /// Maximum likelihood instead of REML.
    #[arg(long)]
    pub ml: bool,
    /// A factor's levels in order, the first the reference; once for each column.
    #[arg(long, value_name = "COLUMN=A,B,…")]
    pub levels: Vec<String>,
    /// As JSON, with the keys of the reference files.
    #[arg(long)]
    pub json: bool,
}

/// `design`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Design {
    /// What else than running.
    #[command(subcommand)]
    pub other: Option<DesignOther>,
    /// What is run.
    #[command(flatten)]
    pub run: DesignRun,
}

/// `design` with a word behind it.
#[derive(Debug, Subcommand)]
pub enum DesignOther {
    /// Add the parts that shards wrote up to the whole run.
    Merge {
        /// Files that `--out` wrote, in any order.
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// How results are shown.
        #[command(flatten)]
        show: DesignShow,
    },
}

/// `design` itself.
#[derive(Debug, Args)]
pub struct DesignRun {
    /// Folder of the study, or the name of one that the program carries.
    #[arg(long, value_name = "DIR|NAME", required = true)]
    pub study: Option<String>,
    /// Participants to randomise; the study's own number without it.
    #[arg(long)]
    pub participants: Option<usize>,
    /// True advantage of the compared arm at the last visit, in points (better is positive); the study's without it.
    #[arg(long, value_name = "POINTS", allow_negative_numbers = true)]
    pub effect: Option<f64>,
    /// Share of people expected to leave before the last visit, 0 to 0.9; the study's without it.
    #[arg(long, value_name = "SHARE")]
    pub dropout: Option<f64>,
    /// Trials to simulate under each set of circumstances; the study's number without it.
    #[arg(long)]
    pub trials: Option<u64>,
    /// Seed of everything that is drawn; the study's without it.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Threads; one for each core without it. They change nothing in the results.
    #[arg(long)]
    pub threads: Option<std::num::NonZero<usize>>,
    /// Hold only the trials of one shard, `2/8` for the second of eight, and write what they counted to `--out`.
    #[arg(long, value_name = "K/N", requires = "out")]
    pub shard: Option<String>,
    /// File for the counts, to be merged; results are shown only without `--shard`.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How results are shown.
    #[command(flatten)]
    pub show: DesignShow,
}

/// How results of `design` are shown.
#[derive(Debug, Args)]
pub struct DesignShow {
    /// As JSON.
    #[arg(long)]
    pub json: bool,
    /// Folder for the curves as SVG: power by number of participants, power by effect.
    #[arg(long, value_name = "DIR")]
    pub svg: Option<PathBuf>,
}
