//! Names of text encodings, as people, `.cpg` files and dBASE headers give them.

use encoding_rs::Encoding;

/// The encoding of a name: `UTF-8`, `windows-1252`, `1252`, `CP1251`, `ANSI 1256`, `88591`, `65001`.
pub(super) fn by_name(name: &str) -> Option<&'static Encoding> {
    let name = name.trim().to_ascii_lowercase();
    let bare = ["cp", "ansi", "oem", "windows", "ibm"].iter().fold(name.as_str(), |name, word| {
        name.strip_prefix(word).map_or(name, |rest| rest.trim_start_matches([' ', '-', '_']))
    });
    if let Ok(page) = bare.parse::<u32>() {
        return match page {
            65_001 => Some(encoding_rs::UTF_8),
            88_591 => Some(encoding_rs::WINDOWS_1252),
            88_592..=88_609 => Encoding::for_label(format!("iso-8859-{}", page - 88_590).as_bytes()),
            932 => Some(encoding_rs::SHIFT_JIS),
            936 => Some(encoding_rs::GBK),
            949 => Some(encoding_rs::EUC_KR),
            950 => Some(encoding_rs::BIG5),
            page => Encoding::for_label(format!("windows-{page}").as_bytes())
                .or_else(|| Encoding::for_label(format!("ibm{page}").as_bytes())),
        };
    }
    Encoding::for_label(name.as_bytes()).or_else(|| Encoding::for_label(bare.as_bytes()))
}

/// The encoding of the language driver in a dBASE header; `None` where it says nothing, the code page's number
/// where it is one that cannot be read.
pub(super) fn by_driver(driver: u8) -> Option<Result<&'static Encoding, u32>> {
    let page = match driver {
        0x03 | 0x57 | 0x58 | 0x59 => 1252,
        0xC8 => 1250,
        0xC9 => 1251,
        0xCB => 1253,
        0xCA => 1254,
        0x7D => 1255,
        0x7E => 1256,
        0xCC => 1257,
        0x26 | 0x65 => 866,
        0x7C => 874,
        0x13 | 0x7B => 932,
        0x4D | 0x7A => 936,
        0x4E | 0x79 => 949,
        0x4F | 0x78 => 950,
        0x01 => return Some(Err(437)),
        0x02 => return Some(Err(850)),
        0x64 => return Some(Err(852)),
        _ => return None,
    };
    by_name(&page.to_string()).map(Ok)
}
