//! Reference cases: burden, sessions, the relationship, conduct of the trial, measurements, event forms.

use crate::table::check;

#[test]
fn burden() {
    check(
        "UFEC",
        r#"
        rows=[{"type":"emergency","visits":2,"related_to_ptsd":true},{"type":"inpatient_psych","nights":5,"visits":1}] months=4 | emergency_visits=2 emergency_visits_per_month=0.5 inpatient_psych_nights=5 inpatient_psych_nights_per_month=1.25 ptsd_related_visits=2 urgent_care_visits=0 months=4
        rows=[] months=2 | emergency_visits=0 emergency_visits_per_month=0
        months=2 | emergency_visits=null
        rows=[{"type":"emergency"}] | emergency_visits=1 emergency_visits_per_month=null
        rows=[{"visits":1}] months=1 | emergency_visits=null warn~without+a+kind
        rows=[{"type":"spa"}] months=1 | error~inpatient_psych
        rows=[{"type":"emergency","night":2}] | error~did+you+mean+nights
        rows=[3] | error~an+object+by+field
        rows=[] months=0 | error~months
        "#,
    );
    check(
        "CPGS",
        "
        current=4 worst=8 average=6 daily=5 social=5 work=5 days=20 | intensity=60 disability=50 disability_points=4 grade=III grade_number=3
        current=0 worst=0 average=0 | grade=0 grade_number=0 disability=null
        current=4 worst=5 average=5 daily=0 social=0 work=0 days=6 | intensity=46.667 grade=I disability_points=0
        current=5 worst=5 average=5 daily=2 social=3 work=3 days=7 | grade=II disability_points=1
        current=5 worst=5 average=5 daily=3 social=3 work=3 days=14 | disability_points=2 grade=II
        current=1 worst=1 average=1 daily=7 social=7 work=7 days=14 | disability_points=4 grade=III
        current=1 worst=1 average=1 daily=7 social=7 work=7 days=15 | disability_points=5 grade=IV
        current=1 worst=1 average=1 daily=0 social=0 work=0 days=31 | disability_points=3 grade=III
        current=1 worst=1 average=1 daily=7 social=7 work=6 days=0 | disability=66.667 disability_points=2
        current=4 worst=8 average=6 daily=5 social=5 work=5 | grade=null
        4,8,6,5,5,5,20 | grade=III
        days=200 | error~0+to+184
        ",
    );
    check(
        "HPQ-SF",
        "
        employed=Y expected_hours=40 worked_hours=120 usual=8 self=6 | presenteeism_absolute=60 presenteeism_relative=0.75 absenteeism_absolute=40 absenteeism_relative=0.25
        employed=Y expected_hours=40 worked_hours=170 usual=2 self=9 | presenteeism_relative=2 absenteeism_absolute=-10
        employed=Y usual=10 self=1 | presenteeism_relative=0.25 absenteeism_relative=null
        employed=Y usual=0 self=5 | presenteeism_relative=2
        employed=Y usual=0 self=0 | presenteeism_relative=null
        employed=Y expected_hours=40 worked_hours_7_days=30 | absenteeism_absolute=40 absenteeism_absolute.method=prorated
        employed=N | presenteeism_absolute=null presenteeism_absolute.n_items=0 employed=no warn~not+employed
        employed=N expected_hours=40 | error~not+employed
        ",
    );
}

#[test]
fn sessions() {
    check(
        "SUDS",
        r#"
        1=7 | last=7 peak=7
        readings=[{"minute":0,"value":3},{"minute":180,"value":4},{"minute":90,"value":8}] | last=4 peak=8 first=3 n_ratings=3
        readings=[{"minute":0,"value":3},{"minute":90,"value":null,"contact":"lost"}] | last=3 n_ratings=1
        readings=[{"minute":90,"value":0,"contact":"lost"}] | error~silence+is+not+calm
        readings=[{"minute":90,"value":0,"contact":"lost","note":"nods"}] | last=0
        readings=[{"minute":90,"value":0,"contact":"kept"}] | last=0
        1=11 | error~0+to+10
        1=60 @settings.suds_max=100 | last=60
        1=0 @settings.suds_max=7 | error~1+to+7
        1=5 @settings.suds_max=9 | error~7,+10+or+100
        "#,
    );
    check(
        "MEQ30",
        "
        3x30 | mean=3 percent=60 mystical=60 positive_mood=60 transcendence=60 ineffability=60 complete=yes
        2x30 | mystical=40 complete=no
        # without the licensed key only what holds for every key
        3x27 4x3 | complete=yes mystical=null warn~form+pack
        2 3x26 4x3 | complete=indeterminate
        5x10 1x20 | complete=no sum=70
        3x27 _,_,_ | mean=3 mean.method=prorated complete=indeterminate
        3x26 _,_,_,_ | mean=null
        6 | error~0+to+5
        ",
    );
}

#[test]
fn alliance_and_expectancy() {
    check(
        "WAI-SR",
        "
        3x12 | mean=3 sum=36 goal=3 task=3 bond=3
        5,5,1,1,1,1,1,1,1,5,1,5 | task=5 goal=1 bond=1 mean=2.333 sum=28
        3x11 _ | mean=3 mean.method=prorated task=3
        3x10 _,_ | mean=null
        0 | error~1+to+5
        ",
    );
    check("WAI-SRT", "4x10 | mean=4 sum=40\n 4x9 _ | sum=40 sum.method=prorated\n 4x8 _,_ | sum=null");
    check(
        "STAR-P",
        "
        4x12 | total=36 collaboration=24 positive_input=12 non_supportive=0
        2x12 | total=24
        0x12 | total=12 non_supportive=12
        2x11 _ | total=null
        5 | error~0+to+4
        ",
    );
    check("STAR-C", "4x12 | total=36 collaboration=24 non_supportive=0\n 1x12 | total=18");
    check(
        "CEQ",
        "
        7,7,6,60,7,50 | credibility=20 expectancy=17.8
        1,1,1,0,1,0 | credibility=3 expectancy=3
        9,9,9,100,9,100 | credibility=27 expectancy=27
        7,7,_,60,7,50 | credibility=null expectancy=17.8
        10 | error~1+to+9
        4=101 | error~0+to+100
        ",
    );
    check("SETS", "7,1,7,1,7,1 | positive=7 negative=1\n 5,2,6,3,_,1 | positive=null negative=2\n 8 | error~1+to+7");
}

#[test]
fn conduct_of_the_trial() {
    check(
        "guess",
        "
        guess=active confidence=4 level=somewhat_active reason=[\"effects_felt\",\"vital_signs\"] hint=N | guess=active level=1 confidence=4 hint=no
        level=strongly_placebo | guess=placebo level=-2
        guess=dont_know | guess=dont_know level=null
        guess=active level=strongly_placebo | error~the+two+to+agree
        guess=none | error~active,+placebo,+dont_know
        ",
    );
    check(
        "adherence",
        "
        2x6 | percent=100 adherent=yes
        2,2,2,2,1,1 | percent=83.33 adherent=yes
        2,2,2,2,1,0 | percent=75 adherent=no
        2,2,2,2 5=not_applicable 6=0 | percent=80 adherent=yes percent.n=5
        2,2,2,2,2,_ | percent=null adherent=indeterminate
        7x6 @version=1-7 | percent=100
        3x6 | error~0+to+2
        0 @version=1-7 | error~1+to+7
        ",
    );
    check(
        "rater_session",
        "
        disclosure=none reassign=N | disclosure=no reassign=no
        disclosure=[\"arm_hint\"] reassign=N | disclosure=yes reassign=yes
        reassign=N | disclosure=indeterminate reassign=indeterminate
        ",
    );
}

#[test]
fn vital_signs() {
    check(
        "vitals",
        "
        sbp=128 dbp=82 hr=72 temp=36.8 | sbp.band=90-139 dbp.band=60-89 hr.band=50-100 temp.band=36.0-37.5 hold=no alert=none
        sbp=140 dbp=90 hr=101 temp=37.6 | sbp.band=140-159 dbp.band=90-99 hr.band=101-120 temp.band=37.6-38.0
        sbp=160 dbp=100 hr=121 temp=38.1 | sbp.band=160-179 dbp.band=100-109 hr.band=>120 temp.band=38.1-39.0
        sbp=180 dbp=110 hr=49 temp=39.1 | sbp.band=>=180 dbp.band=>=110 hr.band=<50 temp.band=>39.0
        sbp=89 dbp=59 temp=35.9 | sbp.band=<90 dbp.band=<60 temp.band=<36.0
        temp=98.6 | temp=37 temp.band=36.0-37.5 warn~read+as
        temp=100.4 | temp=38 temp.band=37.6-38.0
        temp=50 | error~33.0+to+42.5
        temp=42.5 | temp=42.5
        temp=32.9 | error~33
        sbp=80 dbp=120 | error~swapped
        sbp=59 | error~60+to+260
        dbp=161 | error~30+to+160
        hr=29 | error~30+to+220
        # the study's limits: 140/90 passes
        sbp=140 dbp=90 temp=37.5 time_point=pre_dose | hold=no alert=none
        sbp=141 dbp=90 temp=37.5 time_point=pre_dose | hold=yes alert=stop_dosing
        sbp=141 dbp=91 temp=38 time_point=pre_dose | hold=yes alert=stop_dosing,stop_dosing,stop_dosing
        sbp=150 dbp=95 temp=37.9 time_point=pre_supplement | hold=no
        sbp=150 dbp=95 temp=38 time_point=pre_supplement | hold=yes
        sbp=120 dbp=80 time_point=pre_dose | hold=indeterminate hold.why~temperature+not+measured
        ",
    );
}

#[test]
fn electrocardiogram() {
    check(
        "ECG",
        "
        qt=400 rr=0.9 | qtcf=414.3 qtcb=421.64 qtcf.band=<=450 exclude_qtc=no
        qt=400 rr=900 | qtcf=414.3
        qt=400 hr=60 | qtcf=400 qtcb=400
        qt=400 hr=66.7 | qtcf=414.37 qtcb=421.74
        qt=455 hr=60 @sex=male | exclude_qtc=yes qtcf.band=>450
        qt=455 hr=60 @sex=female | exclude_qtc=no
        qt=455 hr=60 | exclude_qtc=indeterminate
        qt=450 hr=60 @sex=male | exclude_qtc=no qtcf.band=<=450
        qt=461 hr=60 | exclude_qtc=yes
        # the correction that the study names: at a fast heart Bazett corrects more
        qt=380 hr=90 @sex=male | qtcb=465.4 exclude_qtc=yes
        qt=380 hr=90 @sex=male @settings.qtc_correction=fridericia | qtcf=434.99 exclude_qtc=no
        qt=501 hr=60 | qtcf.band=>500 alert=stop_dosing
        qt=500 hr=60 | qtcf.band=>480 alert=none
        qt=440 hr=60 @baseline.qtcf=405 | qtcf_change=35 qtcf_change_band=>30
        qt=440 hr=60 @baseline.qtcf=379 | qtcf_change_band=>60
        qt=440 hr=60 @baseline.qtcf=410 | qtcf_change_band=<=30
        hr=60 | qtcf=null exclude_qtc=indeterminate
        hr=60 qtcf=420 | qtcf=420 warn~printed
        qt=50 | error~200+to+800
        ",
    );
}

#[test]
fn laboratory() {
    check(
        "labs",
        r#"
        na=140 k=4.2 creatinine=1 alt=30 ast=30 alp=80 bilirubin=0.8 albumin=4 glucose=90 tsh=2 hb=14 wbc=6 platelets=250 @sex=male | sodium.band=normal creatinine_si=88.42 bilirubin_si=13.68 albumin_si=40 glucose_si=4.995 haemoglobin_si=140 hys_law=no haemoglobin.band=normal
        sodium=134 potassium=5.2 | sodium.band=low potassium.band=high
        hb=13 @sex=male | haemoglobin.band=low
        hb=13 @sex=female | haemoglobin.band=normal
        hb=13 | haemoglobin.band=null warn~by+sex
        # Hy's law: ALT or AST ≥ 3 × ULN, bilirubin ≥ 2 × ULN, ALP < 2 × ULN
        alt=165 bilirubin=2.4 alp=257 | hys_law=yes alert=review
        alt=164 ast=143 bilirubin=2.4 alp=100 | hys_law=no
        ast=144 bilirubin=2.4 alp=100 | hys_law=yes
        alt=165 bilirubin=2.3 alp=100 | hys_law=no
        alt=165 bilirubin=2.4 alp=258 | hys_law=no
        alt=165 bilirubin=2.4 | hys_law=indeterminate
        alt=50 ast=_ bilirubin=5 alp=100 | hys_law=indeterminate
        sodium=129 | sodium_stop=yes alert=stop_dosing
        sodium=130 | sodium_stop=no
        # units
        creatinine={"value":88.42,"unit":"µmol/L"} | creatinine=1 creatinine_si=88.42
        creatinine={"value":88.42,"unit":"umol/l"} | creatinine=1
        creatinine=88 | error~is+it+in+µmol/L
        creatinine={"value":1,"unit":"g"} | error~mg/dL+or+µmol/L
        # a laboratory's own range
        alt={"value":58,"unit":"U/L","low":5,"high":60} | alt.band=normal
        alt=58 @ranges.alt=[5,60] | alt.band=normal
        alt=58 @ranges.alt=[60,5] | error~a+lower+limit+below+the+upper
        alt={"value":58,"low":5} | error~give+both
        "#,
    );
    let clean = "amphetamine=neg methamphetamine=neg cocaine=neg opiates=neg benzodiazepines=neg barbiturates=neg pcp=neg methadone=neg";
    check(
        "uds",
        &format!(
            "
            {clean} mdma=neg thc=neg | any_positive=no exclusionary_positive=no dilute=indeterminate
            {clean} mdma=neg thc=pos | any_positive=yes exclusionary_positive=no
            {clean} mdma=neg thc=pos @settings.uds_thc_excludes=Y | exclusionary_positive=yes
            {clean} mdma=pos thc=neg | exclusionary_positive=yes
            {clean} mdma=pos thc=neg after_dosing=Y | any_positive=yes exclusionary_positive=no warn~expected
            {clean} mdma=invalid thc=neg | any_positive=indeterminate
            {clean} mdma=neg thc=neg creatinine_mg_dl=19.9 | dilute=yes warn~dilute
            {clean} mdma=neg thc=neg creatinine_mg_dl=20 | dilute=no
            "
        ),
    );
    check(
        "pregnancy",
        "
        child_bearing_potential=Y result=negative | hard_stop=no alert=none
        child_bearing_potential=Y result=positive | hard_stop=yes alert=stop_dosing
        child_bearing_potential=Y result=not_done | hard_stop=yes alert=stop_dosing
        child_bearing_potential=Y | hard_stop=yes
        child_bearing_potential=Y result=invalid | hard_stop=yes
        child_bearing_potential=N | hard_stop=no
        child_bearing_potential=N result=positive | hard_stop=yes
        result=negative | hard_stop=no
        ",
    );
}

#[test]
fn event_forms() {
    check(
        "ae",
        "
        start=2026-03-14 first_dose=2026-03-10 severity=mild serious=N related_ip=possible outcome=recovered | treatment_emergent=yes related_to_ip=yes serious=no
        start=2026-03-09 first_dose=2026-03-10 related_ip=unlikely | treatment_emergent=no related_to_ip=no
        start=2026-03-10 first_dose=2026-03-10 | treatment_emergent=yes
        start=2026-03-10T08:00 first_dose=2026-03-10T09:00 | treatment_emergent=no
        start=2026-03-10T09:00 first_dose=2026-03-10T09:00 | treatment_emergent=yes
        start=2026-03-10 first_dose=2026-03-10T09:00 | treatment_emergent=yes
        # partial starts are imputed towards emergent
        start=2026-03 first_dose=2026-03-10 | treatment_emergent=yes
        start=2026-02 first_dose=2026-03-10 | treatment_emergent=no
        start=2026-04 first_dose=2026-03-10 | treatment_emergent=yes
        start=2026 first_dose=2026-03-10 | treatment_emergent=yes
        start=2025 first_dose=2026-03-10 | treatment_emergent=no
        start=2026-03 stop=2026-03-08 first_dose=2026-03-10 | treatment_emergent=no
        start=2026-09-01 first_dose=2026-03-10 collection_end=2026-08-31 | treatment_emergent=no
        start=2026-08-31T23:00 first_dose=2026-03-10 collection_end=2026-08-31 | treatment_emergent=yes
        first_dose=2026-03-10 | treatment_emergent=indeterminate
        start=2026-03-14 | treatment_emergent=indeterminate
        # onset window
        start=2026-03-10 last_dose=2026-03-10 | onset_window=session
        start=2026-03-11 last_dose=2026-03-10 | onset_window=reaction
        start=2026-03-17 last_dose=2026-03-10 | onset_window=reaction
        start=2026-03-18 last_dose=2026-03-10 | onset_window=other
        start=2026-03 last_dose=2026-03-10 | onset_window=null
        # severity and seriousness are independent
        severity=severe serious=N | serious=no
        severity=mild serious=Y criteria=hospitalization | serious=yes
        serious=N criteria=death | error~correct+one+of+them
        serious=Y | warn~without+a+criterion
        start=2026-03-14 stop=2026-03-13 | error~stop+before+the+start
        start=2026-02-30 | error~2026-03-14
        aesi=[\"cardiac\"] | special_interest=yes
        ",
    );
    check(
        "conmed",
        "
        verbatim=x use=concomitant interaction=[\"ssri\",\"cyp2d6_inhibitor\"] | interaction=yes classes=ssri,+cyp2d6_inhibitor
        interaction=none | interaction=no
        use=rescue | interaction=indeterminate
        interaction=[\"none\",\"ssri\"] | error~none
        ",
    );
}
