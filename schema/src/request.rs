//! On whose behalf a request or a WebSocket runs.
//!
//! Only what does not change while a socket is open is attached here. Loaders are not: see the loaders' module.

use async_graphql::{Data, Request};
use domain::user::Viewer;

use crate::errors::TraceId;

/// A request of this viewer. Without it a request runs signed out.
#[must_use]
pub fn on_behalf_of(request: Request, viewer: Viewer, trace: Option<TraceId>) -> Request {
    let request = request.data(viewer);
    match trace {
        Some(trace) => request.data(trace),
        None => request,
    }
}

/// What `connection_init` of a WebSocket answers, for all operations of the socket.
#[must_use]
pub fn connection_data(viewer: Viewer, trace: Option<TraceId>) -> Data {
    let mut data = Data::default();
    data.insert(viewer);
    if let Some(trace) = trace {
        data.insert(trace);
    }
    data
}
