//! `demo`: a whole synthetic trial, built and shown.

use super::{serve, simulate};
use crate::arguments::Demo;
use protocol::model::{ActivityKind, RoleScope};
use std::{path::PathBuf, process::ExitCode, time::Instant};

pub fn run(arguments: &Demo) -> anyhow::Result<ExitCode> {
    simulate::can_be_simulated(arguments.participants)?;
    let started = Instant::now();
    if !arguments.no_serve {
        // Nobody waits for a trial to be built and is told then that it can't be shown.
        serve::judge_address(arguments.listen)?;
    }
    let folder = arguments.data.clone().unwrap_or_else(passing_folder);
    let kept = folder.join("record.sqlite").exists();
    let opened = if kept {
        println!("{} holds a store already: it is shown as it is", folder.display());
        crate::store::open(&folder)?
    } else {
        println!("building the demonstration trial (seed {}): everybody in it is virtual", arguments.seed);
        let scenario = simulate::scenario(Some("DEMO"))?;
        let extent = simulate::Extent { participants: arguments.participants, until: arguments.until };
        let made = simulate::make(&folder, "demonstration", &scenario, &extent, arguments.seed)?;
        let Some(made) = made else { return Ok(ExitCode::from(1)) };
        simulate::print_report(&made);
        participant_persona(&made.opened)?;
        made.opened
    };
    println!("ready after {:.1} s; the store is in {}", started.elapsed().as_secs_f64(), folder.display());
    if arguments.no_serve {
        return Ok(ExitCode::SUCCESS);
    }
    let personas = opened.identity.personas()?;
    serve::serve(&opened, arguments.listen, |address| {
        println!("\nopen http://{address}/ and enter as");
        for persona in &personas {
            println!("  {:<24} http://{address}/enter/{}", persona.display_name, persona.login);
        }
        println!("\nstop with Ctrl-C");
    })?;
    Ok(ExitCode::SUCCESS)
}

/// One of the virtual participants can be entered too: somebody who is under way, if there is one.
fn participant_persona(opened: &crate::store::Opened) -> anyhow::Result<()> {
    let store = opened.door.store();
    let with_forms = visits_with_own_forms();
    let marks: Vec<String> = (1..=with_forms.len()).map(|mark| format!("?{mark}")).collect();
    // Somebody whose questionnaires are near has something to look at.
    let near = format!(
        "SELECT v.participant FROM visit v JOIN participant p ON p.participant = v.participant \
         WHERE p.phase IN ('in_treatment', 'assigned', 'enrolled') AND v.visit IN ({}) AND v.booked_on IS NOT NULL \
         AND v.standing IN ('attended', 'planned') AND v.booked_on >= (SELECT MAX(held_on) FROM visit) \
         ORDER BY v.booked_on, v.participant LIMIT 1",
        marks.join(", ")
    );
    let parameters: Vec<_> = with_forms.iter().map(|visit| visit.as_str().into()).collect();
    let near = store.select(&near, &parameters)?;
    if let Some(id) = near.first().and_then(|row| row.first()?.as_text().map(str::to_owned)) {
        return enter_as(opened, &id);
    }
    for phase in ["in_treatment", "assigned", "enrolled", "follow_up", "screening", "completed"] {
        let sql = "SELECT participant FROM participant WHERE phase = ?1 ORDER BY participant LIMIT 1";
        let rows = store.select(sql, &[phase.into()])?;
        let Some(id) = rows.first().and_then(|row| row.first()?.as_text().map(str::to_owned)) else { continue };
        return enter_as(opened, &id);
    }
    Ok(())
}

fn enter_as(opened: &crate::store::Opened, id: &str) -> anyhow::Result<()> {
    let account = identity::NewAccount {
        login: "participant".to_owned(),
        display_name: format!("Participant {id}"),
        who: identity::Who::Participant(id.into()),
        persona: true,
    };
    opened.identity.account_create(&account, crate::store::last_recorded(opened.door.store().as_ref())?)?;
    Ok(())
}

/// Visits of the demonstration at which participants fill something in themselves.
fn visits_with_own_forms() -> Vec<terms::VisitId> {
    let Ok(study) = protocol::embedded::load("demonstration") else { return Vec::new() };
    let own = |form: &protocol::model::Form| {
        form.completed_by.iter().any(|role| study.role(role.as_str()).is_some_and(|r| r.scope == RoleScope::Own))
    };
    let asks = |visit: &protocol::model::Visit| {
        study.activities_at(visit.id.as_str()).into_iter().any(|(activity, _)| match &activity.what {
            ActivityKind::Form(id) => study.form(id.as_str()).is_some_and(own),
            _ => false,
        })
    };
    study.visits.iter().filter(|visit| asks(visit)).map(|visit| visit.id.clone()).collect()
}

/// A folder of its own for a demonstration that nobody wants to keep.
fn passing_folder() -> PathBuf {
    std::env::temp_dir().join(format!("lifejacket-demo-{}", std::process::id()))
}
