//! Variables of the environment that are called like settings and are none: mistyped, most likely, and without effect.

use std::env;

use super::parse::Problems;
use super::settings::in_environment;

/// How every setting of ours begins that has no name which others use too.
const PREFIX: &str = "LOQUAT_";
/// Read while the executable is built, by its tests, or by the scripts around them; somebody who develops it may have them set.
const DEVELOPMENT: &[&str] = &[
    "LOQUAT_CACHE",
    "LOQUAT_CUT_SEED",
    // A release does not know it (`failpoint`).
    #[cfg(debug_assertions)]
    "LOQUAT_FAILPOINT",
    "LOQUAT_KILL_ROUNDS",
    "LOQUAT_KILL_SEED",
    "LOQUAT_UI_DIST",
    "LOQUAT_VERSION",
];
/// The most letters by which a mistyped name differs from the right one.
const TYPOS: usize = 3;

/// What such a variable is.
#[derive(Debug, PartialEq, Eq)]
enum Stranger {
    /// Almost the name of a setting, which somebody believes to have set.
    Mistyped(String),
    /// Nobody knows whose.
    Unknown,
}

/// Refuses what is almost a setting: with `LOQUAT_SIGN_UP=closed` everybody could register.
pub(super) fn refuse(problems: &mut Problems) {
    for (name, stranger) in all() {
        if let Stranger::Mistyped(setting) = stranger {
            problems.add(format!("{name} is no setting: call it {setting} if that is meant, or take it away"));
        }
    }
}

/// What is told of the others. They may well be somebody else's, as where a file for containers serves several programs.
pub(super) fn warnings() -> Vec<String> {
    let unknown = all().into_iter().filter(|(_, stranger)| *stranger == Stranger::Unknown);
    unknown
        .map(|(name, _)| format!("{name} is no setting and does nothing; `loquat serve --help` lists them"))
        .collect()
}

fn all() -> Vec<(String, Stranger)> {
    let settings = in_environment();
    let given = env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let judged = given.filter_map(|(name, value)| {
        let stranger = judge(&name, &value, &settings)?;
        Some((name, stranger))
    });
    judged.collect()
}

/// What a variable is, unless there is nothing to say about it.
fn judge(name: &str, value: &str, settings: &[String]) -> Option<Stranger> {
    let ours = name.starts_with(PREFIX) && !value.trim().is_empty() && !DEVELOPMENT.contains(&name);
    if !ours || is_of_kubernetes(name, value) || settings.iter().any(|setting| setting == name) {
        return None;
    }
    // As a secret is given; no other setting has such a twin.
    let meant = name.strip_suffix("_FILE").unwrap_or(name);
    let distance = |setting: &str| strsim::osa_distance(setting, meant);
    let nearest = settings.iter().filter(|setting| setting.starts_with(PREFIX)).min_by_key(|setting| distance(setting));
    let most = TYPOS.min((meant.len() - PREFIX.len().min(meant.len())) / 3);
    match nearest.filter(|setting| distance(setting) <= most) {
        Some(setting) => Some(Stranger::Mistyped(setting.clone())),
        None => Some(Stranger::Unknown),
    }
}

/// Whether Kubernetes sets it by itself, for a service that is called `loquat` or `loquat-something`.
fn is_of_kubernetes(name: &str, value: &str) -> bool {
    let names_a_port = |after: &str| after.starts_with(|c: char| c.is_ascii_digit());
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.ends_with("_PORT") && value.contains("://")
        || name.split("_PORT_").skip(1).any(names_a_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_mistyped_is_told_from_what_is_somebody_elses() {
        let settings = in_environment();
        let judge = |name: &str| judge(name, "tcp://10.0.0.1:80", &settings);
        for (name, setting) in [
            ("LOQUAT_SIGN_UP", "LOQUAT_SIGNUP"),
            ("LOQUAT_SINGUP", "LOQUAT_SIGNUP"),
            ("LOQUAT_SIGNUP_FILE", "LOQUAT_SIGNUP"),
            ("LOQUAT_TRUSTED_PROXY", "LOQUAT_TRUSTED_PROXIES"),
            ("LOQUAT_MAX_SIGNINS_PER_MINUTE", "LOQUAT_MAX_SIGN_INS_PER_MINUTE"),
            ("LOQUAT_ALLOWED_ORIGIN", "LOQUAT_ALLOWED_ORIGINS"),
        ] {
            assert_eq!(judge(name), Some(Stranger::Mistyped(setting.to_owned())), "{name}");
        }
        for name in ["LOQUAT_IMAGE_TAG", "LOQUAT_HOST", "LOQUAT_DOMAIN", "LOQUAT_", "LOQUAT_FILE"] {
            assert_eq!(judge(name), Some(Stranger::Unknown), "{name}");
        }
        let kubernetes = [
            "LOQUAT_SERVICE_HOST",
            "LOQUAT_SERVICE_PORT",
            "LOQUAT_SERVICE_PORT_HTTP",
            "LOQUAT_PORT",
            "LOQUAT_PORT_8080_TCP",
            "LOQUAT_PORT_8080_TCP_ADDR",
            "LOQUAT_POSTGRESQL_PORT_5432_TCP_PROTO",
        ];
        let others =
            ["LOQUAT", "DATABASE_URL", "PATH"].into_iter().chain(kubernetes).chain(DEVELOPMENT.iter().copied());
        for name in others.chain(settings.iter().map(String::as_str)) {
            assert_eq!(judge(name), None, "{name}");
        }
        assert_eq!(super::judge("LOQUAT_SIGN_UP", " ", &settings), None);
        assert_eq!(super::judge("LOQUAT_PORT", "8080", &settings), Some(Stranger::Unknown));
    }
}
