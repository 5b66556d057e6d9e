//! The servers.
#![expect(clippy::print_stdout, reason = "whoever started it reads the address")]

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
    serve::ListenerExt,
};
use serde::Deserialize;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use super::{BaselineOptions, Kind, hold::Holder};
use crate::error::BenchError;

/// The body of a grab, as far as a server must read it.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "parsed because spike has to")]
pub(super) struct Request {
    query: String,
    pub(super) variables: Variables,
}

#[derive(Debug, Deserialize)]
pub(super) struct Variables {
    pub(super) input: Input,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    pub(super) campaign_id: String,
    pub(super) quantity: u32,
    pub(super) idempotency_key: String,
}

struct Baseline {
    answer: Bytes,
    holder: Option<Holder>,
}

/// Serves a baseline until it is asked to stop.
pub(crate) async fn serve(options: BaselineOptions) -> Result<(), BenchError> {
    let holder = match (options.kind, &options.redis, &options.rabbitmq) {
        (Kind::Answer, ..) => None,
        (Kind::Hold, Some(redis), Some(rabbitmq)) => Some(Holder::connect(redis, rabbitmq).await?),
        (Kind::Hold, ..) => return Err(BenchError::Usage("a baseline that holds needs Redis and RabbitMQ".to_owned())),
    };
    let answer = Bytes::from(format!("{:.<1$}", "", options.bytes));
    let router = Router::new().route("/graphql", post(grab)).with_state(Arc::new(Baseline { answer, holder }));
    let listening = BenchError::io("listening");
    let listener = async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("a baseline is serving\n  http://{}/graphql", listener.local_addr()?);
        Ok(listener)
    };
    // As spike's listener does.
    let listener = listener.await.map_err(listening)?.tap_io(|socket| {
        let _ = socket.set_nodelay(true);
    });
    let mut asked = signal(SignalKind::terminate()).map_err(BenchError::io("listening to signals"))?;
    tokio::select! {
        served = axum::serve(listener, router) => served.map_err(BenchError::io("serving")),
        _ = asked.recv() => Ok(()),
    }
}

async fn grab(State(baseline): State<Arc<Baseline>>, Json(request): Json<Request>) -> Response {
    if let Some(holder) = &baseline.holder {
        match holder.hold(&request.variables.input).await {
            Ok(true) => {}
            Ok(false) => return StatusCode::CONFLICT.into_response(),
            Err(error) => return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        }
    }
    ([(CONTENT_TYPE, "application/json; charset=utf-8")], baseline.answer.clone()).into_response()
}
