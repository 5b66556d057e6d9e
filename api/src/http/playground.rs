//! The playground: `GraphiQL` with a guide through a sale, to try the graph on.
//!
//! Its files are built from `web/` and are part of the binary (see `build.rs`), compressed. They load nothing from
//! anywhere else, which the page's policy makes sure of: whoever may look at the graph need not trust a third host with
//! the tokens that are used there.

use std::io::Read;

use axum::{
    Router,
    body::Body,
    extract::Path,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{
            ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
            IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use flate2::read::GzDecoder;

/// A file as it was built.
struct File {
    /// Below `/playground/`.
    path: &'static str,
    /// Tells its content from any other, in quotes.
    tag: &'static str,
    gzip: &'static [u8],
}

/// None at all if the binary was built without them.
const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/playground_files.rs"));

/// The page itself. All other files have a hash of their content in their names.
const PAGE: &str = "index.html";

/// Scripts, workers, fonts and requests of this origin alone ('self' covers its WebSocket). The editor sets styles of its
/// own, and starts its workers from a blob where it must.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// What is shown instead of the page if it is not there.
const NOT_BUILT: &str = include_str!("playground_not_built.html");

/// Where the playground is. The front door leads to it.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let lead = async || Redirect::to("/playground");
    let page = async |headers: HeaderMap| page(FILES, &headers);
    let file = async |Path(path): Path<String>, headers: HeaderMap| file(FILES, &path, &headers);
    Router::new()
        .route("/", get(lead))
        .route("/playground/", get(lead))
        .route("/playground", get(page))
        .route("/playground/{*path}", get(file))
}

fn page(files: &[File], headers: &HeaderMap) -> Response {
    match files.iter().find(|file| file.path == PAGE) {
        Some(page) => written(page, "no-cache", headers),
        None => (guarded("text/html; charset=utf-8", "no-store"), NOT_BUILT).into_response(),
    }
}

fn file(files: &[File], path: &str, headers: &HeaderMap) -> Response {
    match files.iter().find(|file| file.path == path && file.path != PAGE) {
        Some(file) => written(file, "public, max-age=31536000, immutable", headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn written(file: &File, caching: &'static str, headers: &HeaderMap) -> Response {
    let mut answer = guarded(media(file.path), caching);
    answer.insert(VARY, HeaderValue::from_static("accept-encoding"));
    answer.insert(ETAG, HeaderValue::from_static(file.tag));
    if headers.get_all(IF_NONE_MATCH).iter().any(|tags| names(tags, file.tag)) {
        return (StatusCode::NOT_MODIFIED, answer).into_response();
    }
    if takes_gzip(headers) {
        answer.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        return (answer, Body::from(file.gzip)).into_response();
    }
    // Browsers do not come here.
    let mut content = Vec::new();
    match GzDecoder::new(file.gzip).read_to_end(&mut content) {
        Ok(_) => (answer, Body::from(content)).into_response(),
        Err(error) => {
            tracing::error!(%error, path = file.path, "a file of the playground is broken");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// What every answer of the playground says.
fn guarded(media: &'static str, caching: &'static str) -> HeaderMap {
    HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static(media)),
        (CACHE_CONTROL, HeaderValue::from_static(caching)),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ])
}

fn media(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "ttf" => "font/ttf",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// Whether an `If-None-Match` names a tag. A proxy may have made it a weak one.
fn names(tags: &HeaderValue, tag: &str) -> bool {
    let tags = tags.to_str().unwrap_or_default();
    tags.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let mut any = false;
    for codings in headers.get_all(ACCEPT_ENCODING) {
        for coding in codings.to_str().unwrap_or_default().split(',') {
            let mut parts = coding.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let wanted = !parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)));
            match name.as_str() {
                "gzip" | "x-gzip" => return wanted,
                "*" => any = wanted,
                _ => {}
            }
        }
    }
    any
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    /// "spike\n", as gzip writes it.
    const GZIP: &[u8] =
        &[31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 43, 46, 200, 204, 78, 229, 2, 0, 183, 212, 85, 63, 6, 0, 0, 0];
    const BUILT: &[File] = &[
        File { path: PAGE, tag: "\"a1\"", gzip: GZIP },
        File { path: "assets/index-4f.js", tag: "\"b2\"", gzip: GZIP },
    ];

    fn asking(headers: &[(axum::http::HeaderName, &'static str)]) -> HeaderMap {
        headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    fn header(response: &Response, name: axum::http::HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    async fn body(response: Response) -> Vec<u8> {
        to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()
    }

    #[tokio::test]
    async fn a_file_is_sent_as_the_client_can_read_it() {
        for (accepted, packed) in [
            ("gzip, deflate, br, zstd", true),
            ("br, GZIP;q=0.5", true),
            ("*", true),
            ("identity", false),
            ("br", false),
            ("gzip;q=0, *", false),
            ("gzip;q=0.0", false),
        ] {
            let answer = file(BUILT, "assets/index-4f.js", &asking(&[(ACCEPT_ENCODING, accepted)]));
            assert_eq!(header(&answer, CONTENT_ENCODING), if packed { "gzip" } else { "" }, "{accepted}");
            assert_eq!(header(&answer, CONTENT_TYPE), "text/javascript; charset=utf-8");
            assert_eq!(body(answer).await, if packed { GZIP } else { b"spike\n" }, "{accepted}");
        }
    }

    #[tokio::test]
    async fn what_never_changes_is_kept_for_good_and_the_page_is_asked_for_again() {
        let asset = file(BUILT, "assets/index-4f.js", &HeaderMap::new());
        assert!(header(&asset, CACHE_CONTROL).contains("immutable"));
        assert_eq!(header(&page(BUILT, &HeaderMap::new()), CACHE_CONTROL), "no-cache");

        for (tags, status) in [
            ("\"a1\"", StatusCode::NOT_MODIFIED),
            ("\"x\", W/\"a1\"", StatusCode::NOT_MODIFIED),
            ("*", StatusCode::NOT_MODIFIED),
            ("\"b2\"", StatusCode::OK),
        ] {
            let answer = page(BUILT, &asking(&[(IF_NONE_MATCH, tags)]));
            assert_eq!((answer.status(), header(&answer, ETAG)), (status, "\"a1\""), "{tags}");
            assert_eq!(body(answer).await.is_empty(), status == StatusCode::NOT_MODIFIED, "{tags}");
        }
    }

    #[tokio::test]
    async fn only_what_was_built_is_there() {
        for path in ["assets/other.js", "index.html", "../Cargo.toml", "assets/index-4f.js.gz", ""] {
            assert_eq!(file(BUILT, path, &HeaderMap::new()).status(), StatusCode::NOT_FOUND, "{path}");
        }
        let bare = page(&[], &HeaderMap::new());
        assert_eq!(bare.status(), StatusCode::OK);
        assert!(String::from_utf8(body(bare).await).unwrap().contains("make web"));
    }

    #[test]
    fn nothing_of_another_host_is_let_in() {
        for answer in [page(BUILT, &HeaderMap::new()), page(&[], &HeaderMap::new())] {
            let policy = header(&answer, CONTENT_SECURITY_POLICY);
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("http"), "{policy}");
        }
    }

    /// Whatever was embedded can be read, and has a type that browsers run it with.
    #[test]
    fn what_was_embedded_is_whole() {
        for File { path, gzip, .. } in FILES {
            assert_ne!(media(path), "application/octet-stream", "{path}");
            let mut content = Vec::new();
            GzDecoder::new(*gzip).read_to_end(&mut content).unwrap();
            assert!(!content.is_empty(), "{path}");
        }
    }
}
