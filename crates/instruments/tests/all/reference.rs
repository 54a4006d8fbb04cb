//! Reference cases: symptoms, safety, history, diagnoses, quality of life, sleep, substances, plain scales; and the
//! edges around them.

use crate::table::check;

#[test]
fn caps5() {
    check(
        "CAPS-5",
        "
        # C1 … C10
        2,2,2,2,2/2,2/2x7/2x6 22=24 23=2 24=2 25=2 29=0 30=0 | total=40 b_severity=10 c_severity=4 d_severity=14 e_severity=12 diagnosis=yes dissociative_subtype=no total.band=severe total.method=complete symptom_count=20
        2,0,0,0,0/2,0/2,2,0,0,0,0,0/2,2,0,0,0,0 22=2 23=2 24=0 25=0 29=2 30=0 | total=12 b_severity=2 c_severity=2 d_severity=4 e_severity=4 diagnosis=yes dissociative_subtype=yes total.band=mild
        4x5/1,1/4x7/4x6 22=60 23=4 24=4 25=4 29=4 30=4 | total=74 b_severity=20 c_severity=2 d_severity=28 e_severity=24 diagnosis=no diagnosis.why~criterion+C dissociative_subtype=no total.band=extreme
        3x20 22=0.8 23=3 24=3 25=3 29=0 30=0 | total=60 b_severity=15 c_severity=6 d_severity=21 e_severity=18 diagnosis=no diagnosis.why~criterion+F total.band=extreme
        2x20 22=24 23=1 24=1 25=1 29=0 30=0 | total=40 diagnosis=no diagnosis.why~criterion+G dissociative_subtype=no total.band=severe
        1x11 0x9 22=24 23=0 24=0 25=0 29=0 30=0 | total=11 b_severity=5 c_severity=2 d_severity=4 e_severity=0 diagnosis=no total.band=mild
        1x11 0x9 22=24 23=0 24=0 25=0 29=0 30=0 @baseline.total=44 @baseline.diagnosis=yes | remission=yes loss_of_diagnosis=yes response=yes response_group=remission total_change=-33
        0x20 22=24 23=0 24=0 25=0 29=3 30=3 | total=0 total.band=asymptomatic diagnosis=no dissociative_subtype=no dissociation_severity=6
        2,0,0,0,0/2,0/2,2,0,0,0,0,0/2,2,0,0,0,0 22=2 23=2 24=0 25=0 29=0 30=0 tr:9=unlikely | total=12 d_severity=4 diagnosis=no diagnosis.why~criterion+D total.band=mild symptom_count=5 warn~item+9
        2x5 _,0 2x13 22=24 23=2 24=2 25=2 29=0 30=0 | total=null total.method=not_scorable c_severity=null diagnosis=indeterminate dissociative_subtype=no total.band=null
        2x5 _,2 2x13 22=24 23=2 24=2 25=2 29=0 30=0 | total=null diagnosis=yes dissociative_subtype=no criterion_c=yes
        # the total never decides: missing items with the diagnosis out of reach, or settled
        0x5 0,0 _x13 22=24 23=2 24=2 25=2 29=0 30=0 | diagnosis=no
        2x20 23=2 24=2 25=2 29=0 30=0 | diagnosis=indeterminate criterion_f=indeterminate
        2x20 22=24 23=_ 24=0 25=0 29=0 30=0 | diagnosis=indeterminate criterion_g=indeterminate
        2x20 22=24 23=_ 24=2 25=_ 29=0 30=0 | diagnosis=yes criterion_g=yes
        2x20 22=24 23=2 24=2 25=2 29=_ 30=0 | diagnosis=yes dissociative_subtype=indeterminate dissociation_severity=null
        2x20 22=24 23=2 24=2 25=2 29=_ 30=2 | dissociative_subtype=yes
        2x20 22=24 23=2 24=2 25=2 29=2 30=2 tr:29=unlikely tr:30=unlikely | dissociative_subtype=no dissociation_severity=4
        # duration: more than one month
        2x20 22=1 23=2 24=2 25=2 29=0 30=0 | diagnosis=no
        2x20 22=1.1 23=2 24=2 25=2 29=0 30=0 | diagnosis=yes
        2x20 22_over_1_month=Y 23=2 24=2 25=2 | diagnosis=yes
        2x20 22=0.8 22_over_1_month=Y 23=2 24=2 25=2 | error~22_over_1_month
        # onset
        2x20 21=6 22=24 23=2 24=2 25=2 | delayed_expression=yes
        2x20 21=5.9 22=24 23=2 24=2 25=2 | delayed_expression=no
        2x20 22=24 23=2 24=2 25=2 | delayed_expression=indeterminate
        0x20 21=12 22=24 23=2 24=2 25=2 | delayed_expression=no
        # criterion A
        2x20 22=24 23=2 24=2 25=2 A=N | diagnosis=no diagnosis.why~criterion+A
        2x20 22=24 23=2 24=2 25=2 A=_ | diagnosis=indeterminate
        2x20 22=24 23=2 24=2 25=2 A=Y | diagnosis=yes
        2x20 22=24 23=2 24=2 25=2 @recall=past_week | diagnosis=indeterminate total=40
        2x20 22=24 23=2 24=2 25=2 A=Y @version=past_week | diagnosis=indeterminate
        2x20 22=24 23=2 24=2 25=2 A=Y @version=past_month | diagnosis=yes
        # bands at their edges: 10|11, 22|23, 34|35, 46|47
        1x10 0x10 | total=10 total.band=asymptomatic
        2x11 0x9 | total=22 total.band=mild
        2x11 1 0x8 | total=23 total.band=moderate
        2x17 0x3 | total=34 total.band=moderate
        2x17 1 0x2 | total=35 total.band=severe
        3x14 4 0x5 | total=46 total.band=severe
        3x15 2 0x4 | total=47 total.band=extreme
        # prorated for sensitivity: at most two missing, one a cluster
        2x4 _ 2x14 _ | total=null total_prorated=40 total_prorated.method=prorated total_prorated.n=18
        2x3 _,_ 2x15 | total_prorated=null
        2x4 _ 2 _ 2x12 _ | total_prorated=null
        2x19 _ | total_prorated=40 e_severity=null b_severity=10
        2x20 | total_prorated=40 total_prorated.method=complete
        # trauma-relatedness: kept in the total, switchable
        2x20 22=24 23=2 24=2 25=2 tr:9=unlikely tr:11=probable tr:20=definite | total=40 symptom_count=19 diagnosis=yes
        2x20 tr:9=unlikely @settings.caps5_unlikely_in_total=N | total=38 d_severity=12
        2x20 tr:10=unlikely | error~items+9,+11
        2x20 tr:1=definite | error~trauma_related.1
        2x20 tr:9=maybe | error~definite,+probable,+unlikely
        # range
        5 | error~found+5,+needed+a+whole+number+from+0+to+4
        -1 | error~from+0+to+4
        28=6 | error~from+0+to+5
        28=5 | total=null
        31=1 | error~item+31
        26=4 2x20 | warn~invalid
        ",
    );
}

#[test]
fn caps5_change() {
    let full = "22=24 23=2 24=2 25=2 29=0 30=0";
    check(
        "caps5",
        &format!(
            "
            # 44→34 = −10 responder; 44→35 = −9 not; 12→11 with the diagnosis lost: remission though no responder
            2x17 0x3 {full} @baseline.total=44 @baseline.diagnosis=yes | total_change=-10 response=yes response_group=responder loss_of_diagnosis=no remission=no
            2x17 1 0x2 {full} @baseline.total=44 @baseline.diagnosis=yes | total_change=-9 response=no response_group=non_responder
            1x11 0x9 {full} @baseline.total=12 @baseline.diagnosis=yes | total_change=-1 response=no loss_of_diagnosis=yes remission=yes response_group=remission
            1x12 0x8 {full} @baseline.total=30 @baseline.diagnosis=yes | response=yes loss_of_diagnosis=yes remission=no response_group=lost_diagnosis
            1x12 0x8 {full} @baseline.total=13 @baseline.diagnosis=yes | response=no loss_of_diagnosis=yes response_group=lost_diagnosis
            # no diagnosis to lose
            1x11 0x9 {full} @baseline.total=44 @baseline.diagnosis=no | loss_of_diagnosis=no remission=no response_group=responder
            1x11 0x9 {full} @baseline.total=44 | loss_of_diagnosis=indeterminate response_group=null response=yes
            # a missing total: the diagnosis may still be known
            1x10 _ 0x9 {full} @baseline.total=44 @baseline.diagnosis=yes | total_change=null response=indeterminate loss_of_diagnosis=yes remission=indeterminate response_group=null
            _ 1x10 0x9 {full} @baseline.total=44 @baseline.diagnosis=yes | loss_of_diagnosis=yes remission=indeterminate response_group=null
            # worsening by ten is reviewed
            3x20 {full} @baseline.total=50 @baseline.diagnosis=yes | alert=review total_change=10
            3x20 {full} @baseline.total=51 @baseline.diagnosis=yes | alert=none
            "
        ),
    );
}

#[test]
fn sds() {
    check(
        "SDS",
        "
        # S1 … S4
        7,8,6 | mean=7 sum=21 mean.method=complete work_applies=yes sum.method=complete
        _,8,6 @work_not_applicable=Y | mean=7 mean.method=complete mean.n=2 sum=null sum_prorated=21 sum_prorated.method=prorated warn~work+does+not+apply
        7,_,6 | mean=6.5 mean.method=prorated sum=null sum_prorated=null warn~one+item+is+missing
        _,_,6 @work_not_applicable=Y | mean=null mean.method=not_scorable
        # other ways to say that work does not apply
        2=8 3=6 1a=Y | mean=7 work_applies=no
        1=not_applicable 2=8 3=6 | mean=7 work_applies=no mean.method=complete
        1={\"missing\":\"not_applicable\"} 2=8 3=6 | work_applies=no
        # a missing work item is not the same as one that does not apply
        _,8,6 | mean=7 mean.method=prorated sum=null work_applies=yes
        _,_,6 | mean=null
        7,8,7 | mean=7.333 impairment=yes
        4,4,4 | impairment=no sum_response=yes sum_remission=no
        2,2,2 | sum_remission=yes
        _,4,_ | impairment=indeterminate
        _,5,_ | impairment=yes
        0,3,10 | work.band=none social.band=mild family.band=extreme
        4,6,7 | work.band=moderate social.band=moderate family.band=marked
        1,9,0 4=30 5=12 | work.band=mild social.band=marked days_lost=30 days_underproductive=12
        7,8,6 @work_not_applicable=Y | error~work+does+not+apply
        11,0,0 | error~from+0+to+10
        1,1,1 4=31 | error~from+0+to+30
        1,1,1 4=8 @recall=past_week | error~from+0+to+7
        7,8,6 @baseline.work_applies=no @baseline.mean=8 | item_set_changed=yes mean_change=-1 mean_meaningful_change=yes warn~sds_item_set_changed mean_social_family=7
        ",
    );
}

#[test]
fn pcl5() {
    check(
        "PCL-5",
        "
        # P1
        1,2,0,3,1/2,0/0,2,1,3,0,2,1/2,0,3,1,2,4 | total=30 b_severity=7 c_severity=2 d_severity=9 e_severity=12 provisional_diagnosis=yes above_cutoff=no symptom_count=10
        4x8 1 0x11 | total=33 above_cutoff=yes
        4x8 1 0x11 @settings.pcl5_cutoff=34 | above_cutoff=no
        2x4 _ 2x15 | total=40 total.method=prorated b_severity=10 b_severity.method=prorated provisional_diagnosis=yes
        # one missing in each cluster prorates, two in one do not
        2x4 _ 2 _ 2x6 _ 2x5 _ | total=40 total.n=16
        2x3 _ _ 2x15 | total=null b_severity=null c_severity=4
        _x20 | total=null provisional_diagnosis=indeterminate
        0x5 _x15 | provisional_diagnosis=no
        4x20 @baseline.total=80 | total_change=0 total_meaningful_change=no total_reliable_change=no
        1x20 @baseline.total=25 | total_change=-5 total_reliable_change=yes total_meaningful_change=no
        1x20 @baseline.total=30 | total_meaningful_change=yes
        ",
    );
}

#[test]
fn bdi2() {
    check(
        "BDI-II",
        "
        1x21 | total=21 total.band=moderate alert=review suicidal_thoughts=yes
        1x15 2b 1x5 | total=22
        0x8 3 0x12 | total=3 total.band=minimal alert=amber
        0x21 | total=0 alert=none suicidal_thoughts=no
        # bands 13|14, 19|20, 28|29
        1x13 0x8 | total=13 total.band=minimal
        1x14 0x7 | total.band=mild
        1x19 0x2 | total.band=mild
        1x20 0 | total.band=moderate
        2x7 1x14 | total=28 total.band=moderate
        2x8 1x13 | total=29 total.band=severe
        # several ticks: the highest counts
        0x15 16=[\"1a\",\"3b\"] 17=0 18=\"1b,2a\" 19=0 20=0 21=0 | total=5
        0x15 16=3a 17=0 18=1b 19=0 20=0 21=0 | total=4
        0 2=[0,2] | total=null
        0x15 16=2c | error~0,+1a,+1b
        1=2b | error~0,+1,+2,+3
        4 | error~found+4
        # two missing prorate: 19 × 1 × 21/19
        1x19 _,_ | total=21 total.method=prorated total.n=19
        2 1x18 _,_ | total=22.11
        1x18 _,_,_ | total=null total.method=not_scorable
        # between two bands the lower holds: 13 over 20 items is 13.65
        1x13 0x7 _ | total=13.65 total.band=minimal
        # an unanswered item 9 is not a no
        0x8 _ 0x12 | total=0 total.method=prorated suicidal_thoughts=indeterminate alert=task
        1x21 @baseline.total=30 | total_change=-9 total_change_percent=-30 total_meaningful_change=yes
        ",
    );
}

#[test]
fn phq9_and_gad7() {
    check(
        "phq9",
        "
        3,2,2,1,2,2,0,0,1 | total=13 total.band=moderate major_depression=yes other_depression=no suicidal_thoughts=yes alert=review above_cutoff=yes
        0,0,3,3,3,3,3,3,0 | total=18 total.band=moderately+severe major_depression=no other_depression=no
        2,0,2,0,0,0,0,0,0 | total=4 total.band=minimal other_depression=yes major_depression=no above_cutoff=no
        2,0,0,0,0,0,0,0,0 | other_depression=no
        2,2,2,2,0,0,0,0,1 | major_depression=yes
        2,2,2,2,0,0,0,0,0 | major_depression=no other_depression=yes
        1x5 0x4 | total.band=mild
        2x7 1 0 | total=15 total.band=moderately+severe
        3x6 2 0,0 | total=20 total.band=severe
        2x7 0 _ | total=15.75 total.method=prorated alert=task suicidal_thoughts=indeterminate
        3x7 _,_ | total=27 total.method=prorated
        3x6 _,_,_ | total=null
        # three-valued: settled without the missing item, or open
        2,2,2,2,2,_,0,0,0 | major_depression=yes
        2,2,2,2,_,0,0,0,0 | major_depression=indeterminate other_depression=indeterminate
        _,1,2,1,3,1,2,1,2 | major_depression=indeterminate other_depression=no
        _,0,2,1,3,1,2,1,0 | major_depression=no other_depression=indeterminate
        _,0,0,0,0,_,_,0,0 | other_depression=indeterminate
        0,0,_,_,3,3,3,0,0 | major_depression=no
        0x8 2 | alert=amber
        0x9 10=3 | total=0 total.n=9
        0x9 10=4 | error~item+10
        ",
    );
    check(
        "GAD-7",
        "
        2,2,1,3,0,1,2 | total=11 total.band=moderate above_cutoff=yes
        1x4 0x3 | total=4 total.band=minimal
        1x5 0,0 | total.band=mild
        3x5 0,0 | total=15 total.band=severe
        1x5 _,_ | total=7 total.method=prorated
        1x4 _,_,_ | total=null above_cutoff=indeterminate
        2x4 0x3 @settings.gad7_cutoff=8 | above_cutoff=yes
        ",
    );
}

#[test]
fn cssrs() {
    let none = "actual_attempts=0 interrupted_attempts=0 aborted_attempts=0 preparatory_acts=0";
    check(
        "C-SSRS",
        &format!(
            "
            1=Y 2=N nssi=N {none} | ideation_max=1 serious_ideation=no behaviour=no alert=review intensity=null ordinal=1
            1=Y 2=N 3=N | error~item+3
            1=Y 2=N 5=Y | error~item+5
            1=Y 2=N 3=_ 4=_ 5=_ {none} | ideation_max=1 ideation_max.n=2
            2=Y 3=N 4=Y 5=N | ideation_max=4 serious_ideation=yes
            1=Y 2=Y 3=N 4=Y 5=N {none} | ideation_max=4 serious_ideation=yes dosing_blocked=yes alert=red ordinal=4
            1=N 2=N nssi=Y {none} | ideation_max=0 behaviour=no self_injury=yes alert=none dosing_blocked=no intensity=0 intensity.method=complete ordinal=0 ideation=no
            1=Y 2=Y 3=Y 4=N 5=N {none} | ideation_max=3 alert=amber serious_ideation=no
            # treatment-emergent
            1=Y 2=Y 3=N 4=Y 5=N {none} @baseline.ideation_max=3 @baseline.behaviour=no | treatment_emergent_ideation=yes emergent_serious_ideation=yes emergent_behaviour=no
            1=Y 2=Y 3=N 4=N 5=Y {none} @baseline.ideation_max=4 | treatment_emergent_ideation=yes emergent_serious_ideation=no
            1=Y 2=Y 3=N 4=Y 5=N {none} @baseline.ideation_max=4 | treatment_emergent_ideation=no
            1=N 2=N preparatory=Y actual=0 interrupted=0 aborted=0 @baseline.behaviour=no @baseline.ideation_max=0 | emergent_behaviour=yes treatment_emergent_ideation=no
            1=N 2=N preparatory=Y actual=0 interrupted=0 aborted=0 @baseline.behaviour=yes | emergent_behaviour=no
            # behaviour
            1=N 2=N actual=2 interrupted=0 aborted=0 preparatory=N | behaviour=yes attempts=2 ordinal=9 alert=red
            1=N 2=N actual=0 interrupted=1 aborted=0 preparatory=Y | ordinal=8
            1=N 2=N actual=0 interrupted=0 aborted=1 preparatory=Y | ordinal=7
            1=N 2=N actual=0 interrupted=0 aborted=0 preparatory=Y | ordinal=6
            1=N 2=N actual=Y interrupted=0 aborted=0 preparatory=N | attempts=1 attempts.method=partial
            1=N 2=N suicide=Y {none} | ordinal=10 behaviour=yes
            1=N 2=N any_behaviour=N @version=screener | behaviour=no
            1=N 2=N 6=Y @version=screener | behaviour=yes alert=red
            # unanswered is never no
            1=N 2=N | behaviour=indeterminate alert=task ideation_max=0 dosing_blocked=indeterminate
            1=_ 2=_ {none} | ideation_max=null ideation=indeterminate serious_ideation=indeterminate alert=task
            1=Y 2=Y 3=Y 4=_ 5=_ {none} | ideation_max=null serious_ideation=indeterminate alert=amber,task warn~at+least+3
            1=Y 2=Y 3=_ 4=N 5=Y {none} | ideation_max=5 serious_ideation=yes
            1=Y 2=_ {none} | ideation_max=null ideation=yes alert=review,task
            # intensity and lethality
            1=Y 2=N {none} frequency=2 duration=3 controllability=0 deterrents=1 reasons=4 type=1 | intensity=10
            1=Y 2=N {none} frequency=1 duration=1 controllability=0 deterrents=0 reasons=0 | intensity=2
            1=Y 2=N {none} frequency=5 duration=5 controllability=5 deterrents=5 reasons=5 | intensity=25
            1=Y 2=N {none} frequency=0 | error~from+1+to+5
            1=Y 2=N {none} type=4 | warn~type+4
            1=N 2=N {none} frequency=2 | error~no+ideation
            1=N 2=N actual=1 interrupted=0 aborted=0 preparatory=N actual_lethality=0 potential_lethality=2 | behaviour=yes
            1=N 2=N actual=1 interrupted=0 aborted=0 preparatory=N actual_lethality=3 potential_lethality=2 | error~potential_lethality
            1=N 2=N actual=0 actual_lethality=3 | error~actual_lethality
            # lifetime is never less
            1=Y 2=Y 3=Y 4=N 5=N lifetime_1=Y lifetime_2=Y lifetime_3=N | error~lifetime_3
            1=N 2=N {none} lifetime_1=Y lifetime_2=Y lifetime_3=N lifetime_4=N lifetime_5=N | lifetime_ideation_max=2
            1=N 2=N {none} lifetime_1=Y lifetime_2=N @baseline.lifetime_ideation_max=3 | error~lifetime+never+decreases
            1=N 2=N {none} lifetime_actual_attempts=1 @version=baseline_screening | lifetime_behaviour=yes alert=review
            1=N 2=N {none} lifetime_actual_attempts=1 | alert=none
            1=N 2=N {none} lifetime_actual_attempts=0 lifetime_interrupted_attempts=0 lifetime_aborted_attempts=0 lifetime_preparatory_acts=N @baseline.lifetime_behaviour=Y | error~lifetime+behaviour
            actual=2 lifetime_actual_attempts=1 | error~lifetime_actual_attempts
            1=Y 2=N {none} @dosing_day=Y | alert=review,red
            1=N 2=N {none} @dosing_day=Y | alert=none
            1=maybe | error~yes+or+no
            1=N 2=N @version=monthly | error~since_last_visit
            "
        ),
    );
}

#[test]
fn trauma_history() {
    check(
        "LEC-5",
        "
        6=[\"happened\",\"witnessed\"] 3=happened_to_me 10=does_not_apply | direct_exposure_count=2 direct_exposure_count.method=partial direct_exposure_count.n=3 criterion_a=yes
        does_not_applyx17 | direct_exposure_count=0 direct_exposure_count.method=complete criterion_a=no
        learnedx1 does_not_applyx16 | criterion_a=indeterminate
        learnedx1 does_not_applyx16 worst_item=1 route=learned close_relation=Y violent_or_accidental=Y | criterion_a=yes
        learnedx1 does_not_applyx16 worst_item=1 route=learned close_relation=N violent_or_accidental=Y | criterion_a=no
        jobx1 does_not_applyx16 | criterion_a=yes
        jobx1 does_not_applyx16 worst_item=1 route=job via_media=Y | criterion_a=no
        not_surex1 does_not_applyx16 | criterion_a=indeterminate
        happenedx1 does_not_applyx16 worst_item=1 route=direct death=N injury=N sexual_violence=N | criterion_a=no
        happenedx1 does_not_applyx16 worst_item=1 route=direct death=N injury=Y sexual_violence=N | criterion_a=yes
        1=[\"happened\",\"does_not_apply\"] | error~does_not_apply
        1=maybe | error~any+of+happened
        _x17 | direct_exposure_count=null
        ",
    );
    check(
        "ACE",
        "
        Y,Y,N,Y,N,Y,N,N,N,Y | total=5 abuse=2 neglect=1 household=2 high=yes
        N,N,N,N,N,N,N,N,N,N | total=0 high=no
        Y,Y,Y,N,N,N,N,N,N,N | high=no abuse=3
        Y,Y,N,Y,N,_,N,N,N,N | total=null total.method=not_scorable count_yes=3 count_yes.n=9 count_yes.method=partial high=indeterminate household=null
        Y,Y,Y,Y,_,_,_,_,_,_ | high=yes
        N,N,N,N,N,N,N,_,_,_ | high=no
        ",
    );
}

#[test]
fn dissociation() {
    check(
        "DES-II",
        "
        20x14 40x14 | mean=30 further_interview=yes
        20x14 40x13 30 | mean=29.643 further_interview=no
        10x25 _,_,_ | mean=10 mean.method=prorated
        10x24 _,_,_,_ | mean=null further_interview=indeterminate
        0,0,100,100,100,0,0,100 0x16 100,100 0,0 | amnesia=100 depersonalisation=0 taxon=37.5
        0x6 50 0x3 50,50,50 0x13 50,50 | depersonalisation=50 mean=10.714
        5 | error~steps+of+10
        5x28 @version=vas | mean=5
        110 | error~0+to+100
        ",
    );
    check(
        "DSP-I",
        "
        depersonalisation=3 derealisation=0 subtype=Y | dissociative_subtype=yes depersonalisation_severity=3
        depersonalisation=2 derealisation=0 | dissociative_subtype=yes
        depersonalisation=1 derealisation=1 | dissociative_subtype=no
        depersonalisation=1 | dissociative_subtype=indeterminate
        depersonalisation=3 derealisation=0 subtype=N | dissociative_subtype=no warn~different+ways
        depersonalisation_frequency=3 depersonalisation_intensity=2 derealisation=0 | depersonalisation_severity=2
        ",
    );
}

#[test]
fn diagnostic_interviews() {
    let absent = "paranoid=absent schizoid=absent schizotypal=absent antisocial=absent histrionic=absent narcissistic=absent dependent=absent ocpd=absent";
    check(
        "SCID-5-PD",
        &format!(
            "
            {absent} borderline=present avoidant=subthreshold | borderline=yes avoidant=no any=yes n_present=1
            {absent} borderline=absent avoidant=absent | any=no n_present=0
            {absent} borderline=absent | avoidant=indeterminate any=indeterminate n_present=null
            borderline_1=2 borderline_2=2 borderline_3=2 borderline_4=2 borderline_5=2 | borderline=yes
            borderline_1=1 borderline_2=1 borderline_3=0 borderline_4=0 borderline_5=1 | borderline=no
            avoidant_1=2 avoidant_2=2 avoidant_3=2 avoidant_4=2 | avoidant=yes
            antisocial_1=2 antisocial_2=2 antisocial_3=2 | antisocial=indeterminate
            antisocial_1=2 antisocial_2=2 antisocial_3=2 conduct_before_15=Y | antisocial=yes
            antisocial_1=2 antisocial_2=2 antisocial_3=2 conduct_before_15=N | antisocial=no
            borderline=perhaps | error~absent,+subthreshold,+present
            "
        ),
    );
    let no = "A=N B=N C=N D=N E=N F=N G=N H=Y I=N J=N K=N L=N M=N MB=N N=N O=N P=N";
    check(
        "MINI 7",
        &format!(
            "
            {no} B_score=0 | suicidality.band=none any_exclusion=no exclude_psychosis=no
            B_score=8 | suicidality.band=low
            B_score=9 | suicidality.band=moderate any_exclusion=indeterminate
            B_score=17 | suicidality.band=high
            {no} C_bipolar_1=Y | exclude_bipolar_1=yes any_exclusion=yes
            K=Y | exclude_psychosis=yes any_exclusion=yes exclude_bipolar_1=indeterminate
            M=Y M_current=Y L=N MB=N | exclude_eating_disorder_purging=yes
            M=Y M_current=N L=N MB=N | exclude_eating_disorder_purging=no
            M=N MB=N L=Y L_current=Y L_purging=N | exclude_eating_disorder_purging=no
            M=N MB=N L=Y L_current=Y | exclude_eating_disorder_purging=indeterminate
            I=Y I_severity=moderate J=Y J_severity=mild | exclude_alcohol_use=yes exclude_substance_use=no
            I=Y | exclude_alcohol_use=indeterminate warn~modules+without+a+final+box
            "
        ),
    );
}

#[test]
fn eq5d5l() {
    check(
        "EQ-5D-5L",
        "
        2,2,2,3,3 | index_england=0.654 index_us=0.526 profile=22233
        1,2,3,4,5 | index_england=0.322 index_us=0.171 index_england.method=complete
        5x5 | index_england=-0.285 index_us=-0.573 profile=55555
        1x5 | index_england=1 index_us=1
        profile=22233 | index_england=0.654 index_us=0.526
        profile=\"12345\" VAS=70 | index_england=0.322 vas=70
        MO=2 SC=2 UA=2 PD=3 AD=3 VAS=0 | index_england=0.654 vas=0
        1,2,_,4,5 VAS=55 | index_england=null index_us=null vas=55 profile=null
        VAS=101 | error~0+to+100
        0 | error~1+to+5
        profile=12346 | error~five+digits
        profile=1234 | error~five+digits
        profile=22233 MO=1 | error~the+two+to+agree
        ",
    );
}

#[test]
fn sleep() {
    check(
        "PSQI",
        "
        1=23:00 2=40 3=07:00 4=5.5 5a=2 5b=1 5c=1 5d=1 5e=1 5f=1 5g=1 5h=1 5i=1 5j=0 6=2 7=0 8=1 9=2 | global=11 c1_quality=2 c2_latency=2 c3_duration=2 c4_efficiency=2 c5_disturbance=1 c6_medication=0 c7_daytime=2 efficiency_percent=68.75 poor_sleep=yes
        1=22:00 2=15 3=06:00 4=7.5 5a=0 5b=0 5c=0 5d=0 5e=0 5f=0 5g=0 5h=0 5i=0 5j=0 6=0 7=0 8=0 9=0 | global=0 poor_sleep=no efficiency_percent=93.75
        # each step at its edge
        2=16 5a=0 | c2_latency=1
        2=30 5a=0 | c2_latency=1
        2=31 5a=0 | c2_latency=1
        2=15 5a=3 | c2_latency=2
        2=60 5a=2 | c2_latency=2
        2=61 5a=0 | c2_latency=2
        2=61 5a=3 | c2_latency=3
        4=7.1 | c3_duration=0
        4=7 | c3_duration=1
        4=7 @settings.psqi_seven_hours=0 | c3_duration=0
        4=6 | c3_duration=1
        4=5.99 | c3_duration=2
        4=5 | c3_duration=2
        4=4.9 | c3_duration=3
        1=00:00 3=10:00 4=8.5 | c4_efficiency=0
        1=00:00 3=10:00 4=8.49 | c4_efficiency=1
        1=00:00 3=10:00 4=7.5 | c4_efficiency=1
        1=00:00 3=10:00 4=6.5 | c4_efficiency=2
        1=00:00 3=10:00 4=6.4 | c4_efficiency=3
        8=2 9=2 | c7_daytime=2
        8=2 9=3 | c7_daytime=3
        # a component that can't be computed: no global
        1=23:00 2=40 3=07:00 4=5.5 5a=2 5b=1 5c=1 5d=1 5e=1 5f=1 5g=1 5h=1 5i=1 5j=_ 6=2 7=0 8=1 9=2 | global=null c5_disturbance=null c4_efficiency=2 poor_sleep=indeterminate
        # quarantine
        1=23:00 3=07:00 4=8.5 | error~quarantine
        1=23:00 3=23:00 4=5 | error~0+hours+in+bed
        1=23:00 3=07:00 4=8 | c4_efficiency=0 efficiency_percent=100
        1=11pm | error~24-hour
        1=24:00 | error~00:00
        5b=4 | error~0+to+3
        ",
    );
    check(
        "ISI",
        "
        1x7 | total=7 total.band=none
        2 1x6 | total=8 total.band=subthreshold
        2x7 | total=14 total.band=subthreshold
        3 2x6 | total=15 total.band=moderate
        3x7 | total=21 total.band=moderate
        4 3x6 | total=22 total.band=severe
        2x6 _ | total=14 total.method=prorated
        2x5 _,_ | total=null
        ",
    );
}

#[test]
fn substances() {
    check(
        "AUDIT",
        "
        2,1,1,0,0,0,0,0,2,0 | total=6 total.band=low audit_c=4 audit_c_positive_uk=no
        2,1,1,0,0,0,0,0,1,0 | error~one+of+0,+2,+4
        2,1,1,0,0,0,0,0,0,3 | error~one+of+0,+2,+4
        2,1,1,0,0,0,0,0,_,0 | total=null audit_c=4
        # skip rules
        0 9=0 10=0 | total=0 total.method=complete total.n=3 audit_c=0
        0 9=2 10=0 | total=2
        0 | total=null
        1,0,0 9=0 10=4 | total=5
        1,0,_ 9=0 10=4 | total=null
        0,2 9=0 10=0 | warn~item+1+is+never
        # bands 7|8, 15|16, 19|20
        4,3 0x6 0,0 | total=7 total.band=low
        4,4 0x6 0,0 | total.band=hazardous
        4x3 3 0x4 0,0 | total=15 total.band=hazardous
        4x4 0x4 0,0 | total=16 total.band=harmful alert=review
        4x4 3 0x3 0,0 | total=19 total.band=harmful
        4x5 0x3 0,0 | total=20 total.band=dependence+likely
        4,4 0x6 0,0 @baseline.total=0 | alert=review total_change=8
        4,4 0x6 0,0 @baseline.total=1 | alert=none
        # AUDIT-C by sex
        1,1,1 @sex=female | audit_c=3 audit_c_positive_us=yes
        1,1,1 @sex=male | audit_c_positive_us=no
        1,1,1 | audit_c_positive_us=indeterminate
        2,1,1 | audit_c_positive_us=yes
        2,2,1 | audit_c_positive_uk=yes
        ",
    );
    check(
        "DUDIT",
        "
        1,1 0x7 0,0 @sex=female | total=2 drug_related_problem=yes total.band=drug-related+problem
        1,1 0x7 0,0 @sex=male | drug_related_problem=no total.band=no+drug-related+problem
        1,1 0x7 0,0 | drug_related_problem=indeterminate total.band=null
        3,3 0x7 0,0 | total=6 drug_related_problem=yes
        4x6 0x3 0,0 | total=24 dependence_likely=no alert=none
        4x6 1 0,0 0,0 | total=25 dependence_likely=yes total.band=dependence+likely alert=review
        0 10=0 11=0 | total=0 total.method=complete
        1 10=0 11=0 | total=null
        0x9 1,0 | error~one+of+0,+2,+4
        ",
    );
}

#[test]
fn itq() {
    let c = |values: &str| {
        let ids = ["C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9"];
        ids.iter().zip(values.split(',')).map(|(id, value)| format!("{id}={value} ")).collect::<String>()
    };
    let p = "P1=2 P2=0 P3=2 P4=0 P5=2 P6=0 P7=2 P8=0 P9=0";
    check(
        "ITQ",
        &format!(
            "
            {p} {none} | ptsd=yes cptsd=no ptsd_score=6 dso_score=0
            {p} {both} | ptsd=no cptsd=yes ptsd_score=6 dso_score=6
            {p} {unimpaired} | ptsd=yes cptsd=no
            {p} {open} | ptsd=indeterminate cptsd=indeterminate dso_score=6
            2,0,2,0,2,0 2,0,0 2,0,2,0,2,0 0,3,0 | cptsd=yes
            P1=1 P2=1 P3=4 P4=4 P5=4 P6=4 P7=4 P8=4 P9=4 {both} | ptsd=no cptsd=no
            P1=_ P2=2 P3=2 P4=_ P5=2 P6=_ P7=2 {none} | ptsd=yes ptsd_score=null
            P1=5 | error~0+to+4
            ",
            none = c("0,0,0,0,0,0,0,0,0"),
            both = c("2,0,2,0,2,0,0,3,0"),
            unimpaired = c("2,0,2,0,2,0,1,1,1"),
            open = c("2,0,2,0,2,0,_,1,1"),
        ),
    );
}

#[test]
fn plain_scales() {
    check(
        "PTGI",
        "
        3x21 | total=63 relating=21 possibilities=15 strength=12 spiritual=6 appreciation=9 total.higher_is_worse=false
        3x19 _,_ | total=63 total.method=prorated relating=null strength=12
        3x18 _,_,_ | total=null
        6 | error~0+to+5
        ",
    );
    check(
        "TAS-20",
        "
        3x20 | total=60 total.band=possible identifying=21 describing=15 external=24
        1x20 | total=40 describing=9 external=24 identifying=7
        5x20 | total=80 total.band=alexithymia
        5,1 1x18 | total=44
        # item 4 is reversed
        1x3 5 1x16 | total=36
        3x18 _,_ | total=60 total.method=prorated
        3x17 _,_,_ | total=null
        4 3x19 | total=61 total.band=alexithymia
        2x9 3x11 | total=55
        0 | error~1+to+5
        ",
    );
    check(
        "SCS",
        "
        3x26 | total=3 total.band=moderate kindness=3 judgement=3
        1x26 | total=3 judgement=1
        5,5,1,5,1,5,1,5,1,1,5,1,5,1,1,5,1,5,1,5,5,1,1,5,5,1 | total=1 total.band=low judgement=5 kindness=1
        1,1,5,1,5,1,5,1,5,5,1,5,1,5,5,1,5,1,5,1,1,5,5,1,1,5 | total=5 total.band=high over_identification=1 mindfulness=5
        _ 3x25 | total=3 judgement=3 judgement.method=prorated total.method=prorated
        _,3x6 _ 3x18 | judgement=null total=null
        # 3.5 is moderate, above is high
        2x2 4 2 4 2 4 2 4 4 2 4 2 4 4 2 4 2 4 2 2 4 4 2 2 4 | total=4 total.band=high
        ",
    );
    check(
        "IASC",
        "
        3x63 | raw_total=189 identity_impairment=null elevated=indeterminate warn~form+pack
        3x57 _x6 | raw_total=189 raw_total.method=prorated
        3x56 _x7 | raw_total=null
        ",
    );
    check(
        "EAT-26",
        "
        alwaysx26 | total=75 refer=yes dieting=36 bulimia=18 oral_control=21
        neverx26 | total=3 refer=no dieting=3
        oftenx25 never | total=28
        usuallyx25 rarely | total=52
        sometimesx25 sometimes | total=1
        alwaysx6 oftenx1 sometimesx18 often | total=19 refer=no
        alwaysx6 oftenx2 sometimesx17 often | total=20 refer=yes
        neverx24 _,_ | total=0 total.method=prorated
        neverx23 _,_,_ | total=null refer=indeterminate
        1=sometime | error~did+you+mean+sometimes
        1=3 | error~one+of+always
        ",
    );
}
