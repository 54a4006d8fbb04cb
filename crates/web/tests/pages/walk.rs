//! People walking through the pages as they would in a clinic.

use axum::http::StatusCode;

use crate::support::{Clinic, Device, text_of};

/// The first enquiry, by the coordinator; the code of who asked.
pub fn enquiry(coordinator: &Device<'_>) -> String {
    let site = coordinator.clinic.site.clone();
    coordinator.record(&format!("/sites/{site}/do/enquiry"), &[("source", "physician"), ("language", "en")]);
    format!("{site}-001")
}

#[test]
fn from_an_enquiry_to_consent() {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    let code = enquiry(&coordinator);
    let list = coordinator.see("/participants");
    assert!(list.contains(&code), "{}", text_of(&list));
    let page = coordinator.see(&format!("/participants/{code}"));
    assert!(page.contains("Enquiry") && page.contains("Take consent"), "{}", text_of(&page));

    let address = format!("/participants/{code}/consent");
    let html = coordinator.see(&address);
    let wrong = coordinator.submit(&html, &address, &[]);
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.html.contains("The consent is not recorded yet"), "{}", text_of(&wrong.html));
    consent(&coordinator, &code);
    let page = coordinator.see(&format!("/participants/{code}"));
    assert!(page.contains("Screening") && page.contains("What stands in the way"), "{}", text_of(&page));
    assert!(page.contains("class=\"chart\""), "the plan is drawn from consent on");
}

/// Gives consent with every answer right.
pub fn consent(device: &Device<'_>, code: &str) {
    let door = &device.clinic.door;
    let study = door.studies().iter().next().unwrap().1.clone();
    let text = study.consent.versions.last().unwrap();
    let mut typed: Vec<(String, String)> = vec![("copy_given".into(), "yes".into())];
    typed.extend(text.items.iter().map(|i| (format!("items.{}", i.id), "yes".to_owned())));
    typed.extend(
        text.questions.iter().map(|q| (format!("answers.{}", q.id), if q.answer { "yes" } else { "no" }.to_owned())),
    );
    let typed: Vec<(&str, &str)> = typed.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    device.record(&format!("/participants/{code}/consent"), &typed);
}

#[test]
fn a_refusal_teaches_in_its_five_lines_and_a_fact_can_be_written_beside_it() {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    let code = enquiry(&coordinator);
    consent(&coordinator, &code);
    let investigator = clinic.at("investigator");
    let address = format!("/participants/{code}/do/enrol");
    let page = investigator.fill(&address, &[]);
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for line in ["<dt>Rule</dt>", "<dt>Source</dt>", "<dt>Found</dt>", "<dt>Needed</dt>", "<dt>Next</dt>"] {
        assert!(page.html.contains(line), "{line}: {}", text_of(&page.html));
    }
    assert!(page.html.contains("role=\"alert\""));
    coordinator.record(&format!("/participants/{code}/do/note"), &[("text", "They asked about the dates <again>.")]);
    let page = coordinator.see(&format!("/participants/{code}"));
    assert!(
        page.contains("They asked about the dates &#60;again&#62;.")
            || page.contains("They asked about the dates &lt;again&gt;."),
        "{}",
        text_of(&page)
    );
}

#[test]
fn a_role_without_the_duty_is_told_so_and_nothing_is_written() {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    let code = enquiry(&coordinator);
    let inspector = clinic.at("inspector");
    let page = inspector.get(&format!("/participants/{code}/do/note"));
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.html.contains("not among your duties"), "{}", text_of(&page.html));
}

#[test]
fn a_form_is_filled_in_checked_recorded_and_corrected() {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    let code = enquiry(&coordinator);
    consent(&coordinator, &code);
    let study = clinic.door.studies().iter().next().unwrap().1.clone();
    let (visit, form) = study
        .visits
        .iter()
        .find_map(|visit| {
            study.activities_at(visit.id.as_str()).find_map(|(activity, _)| match &activity.what {
                protocol::model::ActivityKind::Form(id) => {
                    let form = study.form(id.as_str())?;
                    let has_number = form.instrument.is_none()
                        && form.fields.iter().any(|f| {
                            matches!(
                                f.kind,
                                protocol::model::FieldKind::Integer { .. } | protocol::model::FieldKind::Decimal { .. }
                            )
                        })
                        && !form.hidden_from.iter().any(|r| *r == "coordinator");
                    has_number.then(|| (visit.clone(), form.clone()))
                }
                _ => None,
            })
        })
        .unwrap();
    let field = form
        .fields
        .iter()
        .find(|f| {
            matches!(f.kind, protocol::model::FieldKind::Integer { .. } | protocol::model::FieldKind::Decimal { .. })
        })
        .unwrap();
    let (low, high) = match &field.kind {
        protocol::model::FieldKind::Integer { min, max, .. } => (min.to_string(), (max + 1).to_string()),
        protocol::model::FieldKind::Decimal { min, max, .. } => {
            (min.to_string(), max.plus(terms::Decimal::whole(1)).to_string())
        }
        _ => unreachable!(),
    };
    let name = format!("values.{}", field.id);
    let address = format!("/participants/{code}/visits/{}/forms/{}", visit.id, form.id);
    let html = coordinator.see(&address);
    // Out of range: said at the field, and what was typed is kept.
    let page = coordinator.submit(&html, &address, &[(&name, &high), ("do", "check")]);
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.html.contains(&format!("value=\"{high}\"")) && page.html.contains("is outside"),
        "{}",
        text_of(&page.html)
    );
    let back = coordinator.see(&address);
    assert!(back.contains(&format!("value=\"{high}\"")), "the draft is there after leaving the page");
    // In range: read through, then recorded.
    let page = coordinator.submit(&back, &address, &[(&name, &low), ("do", "check")]);
    assert_eq!(page.status, StatusCode::OK, "{}", text_of(&page.html));
    let page = coordinator.submit(&page.html, &address, &[("do", "record")]);
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", text_of(&page.html));
    // The form now leads to its record; a correction asks for its reason with old and new together.
    let page = coordinator.get(&address);
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let record = page.address;
    let correct = format!("{record}/correct");
    let html = coordinator.see(&correct);
    let other = low.parse::<terms::Decimal>().unwrap().plus(terms::Decimal::whole(1)).to_string();
    let page = coordinator.submit(&html, &correct, &[(&name, &other), ("do", "check")]);
    assert!(page.html.contains("On record") && page.html.contains("Becomes"), "{}", text_of(&page.html));
    let unreasoned = coordinator.submit(&page.html, &correct, &[("do", "correct")]);
    assert!(unreasoned.html.contains("Say why it is corrected."), "{}", text_of(&unreasoned.html));
    let page = coordinator.submit(&page.html, &correct, &[("do", "correct"), ("reason_given", "Typing error")]);
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", text_of(&page.html));
    // Somebody with the page from before is shown both, and loses nothing.
    let third = low.parse::<terms::Decimal>().unwrap().plus(terms::Decimal::whole(2)).to_string();
    let late = coordinator.submit(
        &html,
        &correct,
        &[(&name, &third), ("do", "correct"), ("reason_given", "Measured again"), ("request", "another-request-1")],
    );
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", text_of(&late.html));
    assert!(
        late.html.contains("Somebody corrected this form first")
            && late.html.contains(&other)
            && late.html.contains(&third)
    );
    let page = coordinator.submit(&late.html, &correct, &[("do", "correct"), ("reason_given", "Measured again")]);
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", text_of(&page.html));
    let shown = coordinator.see(&record);
    assert!(shown.contains("Typing error") && shown.contains("Measured again"), "{}", text_of(&shown));
}

#[test]
fn who_somebody_is_stays_with_those_who_meet_them_and_can_be_erased() {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    let code = enquiry(&coordinator);
    let address = format!("/participants/{code}/person");
    let typed = [("name", "Quillon Vexley"), ("phone", "000 111"), ("safe_way", "no_name"), ("do", "keep")];
    coordinator.record(&address, &typed);
    assert!(coordinator.see(&address).contains("Quillon Vexley"));
    let id = terms::ParticipantId::from(code.as_str());
    assert_eq!(clinic.people.values(&id).unwrap().unwrap()["name"], "Quillon Vexley");
    for login in ["monitor", "medic", "data", "inspector", "admin", "pharmacist"] {
        assert_eq!(clinic.at(login).get(&address).status, StatusCode::NOT_FOUND, "{login}");
        let page = clinic.at(login).see(&format!("/participants/{code}"));
        assert!(!page.contains("Vexley") && !page.contains("/person"), "{login}");
    }
    // Before they declined nothing can be erased; afterwards all of it, and only by saying how they asked.
    let erase = format!("/participants/{code}/do/erase-identity");
    assert!(coordinator.see(&address).contains(&erase) && !clinic.at("nurse").see(&address).contains(&erase));
    let page = coordinator.fill(&erase, &[("reason_given", "by telephone")]);
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.html.contains("identity.right"), "{}", text_of(&page.html));
    coordinator.record(&format!("/participants/{code}/do/declined"), &[("reason", "no time")]);
    let page = coordinator.fill(&erase, &[]);
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", text_of(&page.html));
    assert!(clinic.people.values(&id).unwrap().is_some());
    coordinator.record(&erase, &[("reason_given", "by telephone")]);
    assert!(clinic.people.values(&id).unwrap().is_none());
    let page = coordinator.see(&address);
    assert!(!page.contains("Vexley") && page.contains("Nobody stands behind this code"), "{}", text_of(&page));
    // What is typed for them afterwards is not kept.
    let page = coordinator.fill(&address, &[("name", "Quillon Vexley"), ("safe_way", "no_name"), ("do", "keep")]);
    assert!(!page.status.is_success() && clinic.people.values(&id).unwrap().is_none(), "{}", page.status);
}

#[test]
fn a_document_is_attached_by_its_hash_and_read_back() {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    let code = enquiry(&coordinator);
    let address = format!("/participants/{code}/document");
    let html = coordinator.see(&address);
    let hidden = |name: &str| {
        html.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let part =
        |name: &str, value: &str| format!("--xx\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let send = |file: &str| {
        let body = [
            part("token", &hidden("token")),
            part("request", &hidden("request")),
            part("kind", "ecg"),
            format!("--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"ecg.pdf\"\r\n\r\n{file}\r\n--xx--\r\n"),
        ]
        .concat();
        let request = axum::http::Request::builder()
            .method("POST")
            .uri(&address)
            .header("cookie", &coordinator.cookie)
            .header("content-type", "multipart/form-data; boundary=xx")
            .body(axum::body::Body::from(body))
            .unwrap();
        clinic.raw(request)
    };
    assert_eq!(send("").status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = send("the very bytes");
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", text_of(&page.html));
    let shown = coordinator.see(&format!("/participants/{code}"));
    let link =
        shown.split("href=\"").find(|l| l.contains("/documents/")).unwrap().split('"').next().unwrap().to_owned();
    let page = coordinator.get(&link);
    assert_eq!(page.html, "the very bytes");
    assert!(page.headers["content-disposition"].to_str().unwrap().contains("ecg.pdf"));
    assert_eq!(clinic.at("monitor").get(&link).status, StatusCode::NOT_FOUND, "a scan may bear a name");
    // The record may know of a document whose bytes nobody handed over: then the page says that, and not that it can't write.
    let id = terms::ParticipantId::from(code.as_str());
    clinic.people.erase(&id, clinic.time()).unwrap();
    let page = coordinator.get(&link);
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(text_of(&page.html).contains("The file is not here"), "{}", text_of(&page.html));
}
