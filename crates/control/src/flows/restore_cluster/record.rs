//! 6. The log shows which tenants were recovered, to which times, and which were not.

use engine::flow::Answer;
use engine::{Next, Note};

use super::state::{Here, State};
use super::wait::moment;

pub(super) async fn record_recoveries(at: &Here, state: &mut State) -> Answer {
    for lane in at.lanes() {
        let task = lane.state.child.map_or_else(|| "-".to_owned(), |child| child.to_string());
        let about = |id: &str| Note::new(id).arg("tenant", &lane.key).arg("task", &task);
        match &lane.failed {
            None => at.log(about("cluster-recovery-done").arg("moment", moment(lane.state.restored_scn))),
            Some(why) => {
                at.log(about("cluster-recovery-lacks"));
                at.log(why.clone());
            }
        }
    }
    let recovered = at.lanes().iter().filter(|lane| lane.succeeded()).count();
    if recovered == at.lanes().len() {
        state.passwords = None; // no further task needs them
    }
    let note = Note::new("cluster-recovery-summary").arg("count", recovered).arg("total", at.lanes().len());
    at.log(note.arg("cluster", &state.cluster_name));
    Ok(Next::Done)
}
