//! The control port: move the clock, start faults, read the transcript. JSON over HTTP.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::faults::{Fault, FaultName};
use crate::process::Process;

/// The state behind the control port.
#[derive(Clone)]
pub(crate) struct Control {
    pub(crate) process: Arc<Process>,
    pub(crate) seed: u64,
}

impl Control {
    pub(crate) fn advance(&self, by_us: i64) -> i64 {
        let now_us = self.process.clock.advance(by_us);
        for cluster in 0..self.process.cluster_count() {
            self.process.with(cluster, |_| ());
        }
        now_us
    }

    pub(crate) fn start_fault(&self, fault: &Fault) {
        if fault.name == FaultName::ClockJump {
            self.advance((fault.seconds.unwrap_or(3_600.0) * 1e6) as i64);
        }
        for at in 0..self.process.cluster_count() {
            self.process.with(at, |cluster| {
                if fault.concerns(&cluster.name) {
                    cluster.start_fault(fault.clone());
                }
            });
        }
    }

    pub(crate) fn has_fault(&self, name: FaultName) -> bool {
        let has = |at| {
            self.process.with(at, |cluster| cluster.faults.active().iter().any(|fault| fault.name == name))
        };
        (0..self.process.cluster_count()).any(has)
    }

    pub(crate) fn end_faults(&self, name: Option<FaultName>) {
        for at in 0..self.process.cluster_count() {
            self.process.with(at, |cluster| cluster.end_faults(name));
        }
    }

    pub(crate) fn world(&self, cluster: usize) -> Value {
        self.process.with(cluster, |cluster| {
            serde_json::to_value(&*cluster).unwrap_or_else(|error| json!({ "error": error.to_string() }))
        })
    }
}

pub(crate) async fn serve(socket: TcpListener, control: Control) {
    let router = Router::new()
        .route("/clock", get(clock))
        .route("/clock/advance", post(advance))
        .route("/faults", get(faults).post(start_fault).delete(end_faults))
        .route("/transcript", get(transcript))
        .route("/world", get(world))
        .with_state(control);
    if let Err(error) = axum::serve(socket, router).await {
        tracing::error!(%error, "the control port has closed");
    }
}

async fn clock(State(control): State<Control>) -> Json<Value> {
    Json(json!({ "now_us": control.process.clock.now_us(), "paused": control.process.is_paused }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: f64,
}

async fn advance(
    State(control): State<Control>,
    Json(request): Json<Advance>,
) -> Result<Json<Value>, (StatusCode, String)> {
    if !(0.0..=3.2e9).contains(&request.seconds) {
        return Err((
            StatusCode::BAD_REQUEST,
            format!("the clock cannot move by {} seconds", request.seconds),
        ));
    }
    Ok(Json(json!({ "now_us": control.advance((request.seconds * 1e6) as i64) })))
}

async fn faults(State(control): State<Control>) -> Json<Value> {
    let active: Vec<Value> = (0..control.process.cluster_count())
        .map(|at| {
            control
                .process
                .with(at, |cluster| json!({ "cluster": cluster.name, "faults": cluster.faults.active() }))
        })
        .collect();
    Json(json!({ "seed": control.seed, "clusters": active }))
}

async fn start_fault(State(control): State<Control>, Json(fault): Json<Fault>) -> Json<Value> {
    control.start_fault(&fault);
    faults(State(control)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndFaults {
    name: Option<FaultName>,
}

async fn end_faults(State(control): State<Control>, Query(request): Query<EndFaults>) -> Json<Value> {
    control.end_faults(request.name);
    faults(State(control)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Since {
    #[serde(default)]
    after: u64,
    /// Whether to return only statements that the simulator does not support.
    #[serde(default)]
    gaps: bool,
}

async fn transcript(State(control): State<Control>, Query(since): Query<Since>) -> Json<Value> {
    let mut entries = control.process.transcript.after(since.after);
    entries.retain(|entry| entry.gap || !since.gaps);
    Json(json!({ "entries": entries }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    cluster: Option<String>,
}

async fn world(
    State(control): State<Control>,
    Query(which): Query<Which>,
) -> Result<Json<Value>, StatusCode> {
    let count = control.process.cluster_count();
    let wanted = (0..count).find(|at| {
        which.cluster.as_ref().is_none_or(|name| control.process.with(*at, |cluster| cluster.name == *name))
    });
    wanted.map(|at| Json(control.world(at))).ok_or(StatusCode::NOT_FOUND)
}
