//! BTF as people keep it: as it is, or compressed with zstd.

use std::io::{Error, Read};

use ruzstd::decoding::StreamingDecoder;

/// First bytes of a zstd frame.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Most that a blob may unpack to, in bytes.
const MAX_BLOB: usize = 64 << 20;

/// The blob itself.
///
/// # Errors
/// What the decompressor says of damaged data, or that there is more than 64 MiB of it.
pub fn unpack_btf(bytes: Vec<u8>) -> std::io::Result<Vec<u8>> {
    if !bytes.starts_with(&ZSTD_MAGIC) {
        return Ok(bytes);
    }
    let decoder = StreamingDecoder::new(bytes.as_slice()).map_err(Error::other)?;
    let mut out = Vec::new();
    decoder.take(MAX_BLOB as u64 + 1).read_to_end(&mut out)?;
    if out.len() > MAX_BLOB { Err(Error::other("it unpacks to more than 64 MiB")) } else { Ok(out) }
}
