//! Where an HTTP/1.1 response ends, and its status.

/// A whole response.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Response<'a> {
    pub(super) status: u16,
    pub(super) body: &'a [u8],
}

/// Reads a response whose length is given, as it is by all that is measured; none if more is to come.
pub(super) fn parse(read: &[u8]) -> Result<Option<Response<'_>>, &'static str> {
    const BLANK: &[u8] = b"\r\n\r\n";
    let Some(end) = read.windows(BLANK.len()).position(|window| window == BLANK) else { return Ok(None) };
    let head = std::str::from_utf8(&read[..end]).map_err(|_| "a head of an answer that is no text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).and_then(|line| line.get(..3));
    let status = status.and_then(|status| status.parse().ok()).ok_or("an answer without a status")?;
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok());
    let length: usize = length.ok_or("an answer without a length")?;
    let body = &read[end + BLANK.len()..];
    if body.len() > length {
        return Err("an answer that nobody asked for");
    }
    Ok((body.len() == length).then_some(Response { status, body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_ends_where_its_length_says() {
        let whole = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nContent-Length: 5\r\n\r\nhello";
        for read in 0..whole.len() {
            assert_eq!(parse(&whole[..read]), Ok(None), "{read}");
        }
        assert_eq!(parse(whole), Ok(Some(Response { status: 200, body: b"hello" })));
        assert_eq!(parse(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n").unwrap().unwrap().status, 204);
        let too_much = [whole.as_slice(), b"!"].concat();
        for bad in
            [too_much.as_slice(), b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"SSH-2.0-OpenSSH\r\n\r\n"]
        {
            assert!(parse(bad).is_err());
        }
    }
}
