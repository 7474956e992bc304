//! Addresses of destinations, and their rules.

use crate::error::SqlError;

/// A destination as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Uri {
    /// With credentials.
    pub(crate) full: String,
    /// The part before `?`.
    pub(crate) bare: String,
    pub(crate) host: String,
    /// `access_id=…` as the storage table shows it.
    pub(crate) access_id: String,
    /// All other options, joined with `&`.
    pub(crate) extension: String,
    /// `zone`, `idc` and `region` with their values: the nodes that run the backup.
    pub(crate) nodes: Vec<(String, String)>,
}

impl Uri {
    /// Parses an address; an invalid one is error 9026 or 9113.
    pub(crate) fn parse(text: &str) -> Result<Self, SqlError> {
        let invalid = || SqlError::plain(9026);
        let (scheme, rest) = text.split_once("://").ok_or_else(invalid)?;
        let (path, options) =
            text.split_once('?').map_or((text, None), |(path, options)| (path, Some(options)));
        if scheme == "file" {
            if !rest.starts_with('/') {
                return Err(invalid());
            }
            let mut uri = Self::of(path);
            uri.read_file_options(options.unwrap_or_default())?;
            return Ok(uri);
        }
        if !["oss", "cos", "s3", "azblob"].contains(&scheme) || rest.split(['/', '?']).next() == Some("") {
            return Err(invalid());
        }
        let mut uri = Self { full: without_nodes(text), ..Self::of(path) };
        uri.read_options(scheme, options.unwrap_or_default())?;
        Ok(uri)
    }

    fn of(path: &str) -> Self {
        Self {
            full: path.to_owned(),
            bare: path.trim_end_matches('/').to_owned(),
            host: String::new(),
            access_id: String::new(),
            extension: String::new(),
            nodes: Vec::new(),
        }
    }

    /// Reads the options of a directory, which may only have limits and the nodes that write to it.
    fn read_file_options(&mut self, options: &str) -> Result<(), SqlError> {
        let mut others = Vec::new();
        for option in options.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some((name, value)) if NODES.contains(&name) && !value.is_empty() => {
                    self.nodes.push((name.to_owned(), value.to_owned()));
                }
                Some(("max_iops" | "max_bandwidth", value)) if !value.is_empty() => others.push(option),
                _ => return Err(SqlError::plain(9026)),
            }
        }
        self.extension = others.join("&");
        Ok(())
    }

    fn read_options(&mut self, scheme: &str, options: &str) -> Result<(), SqlError> {
        let (mut has_key, mut has_appid, mut has_role) = (false, false, false);
        let mut others: Vec<String> = Vec::new();
        for option in options.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').ok_or_else(|| SqlError::plain(9026))?;
            if value.is_empty() {
                return Err(SqlError::plain(9026));
            }
            match name {
                "zone" | "idc" | "region" => self.nodes.push((name.to_owned(), value.to_owned())),
                "host" => self.host = value.to_owned(),
                "access_id" => self.access_id = value.to_owned(),
                "access_key" => has_key = true,
                "appid" => has_appid = true,
                "delete_mode" if !["delete", "tagging"].contains(&value) => {
                    return Err(SqlError::plain(9026));
                }
                "addressing_model" if !["virtual_hosted_style", "path_style"].contains(&value) => {
                    return Err(SqlError::plain(9026));
                }
                "checksum_type" if !["md5", "crc32", "no_checksum"].contains(&value) => {
                    return Err(SqlError::plain(9026));
                }
                "enable_worm" if !["true", "false"].contains(&value) => {
                    return Err(SqlError::arguments("set eanble_worm. eanble_worm must be true or false")); // sic
                }
                "enable_worm" if scheme != "oss" || options.contains("checksum_type=no_checksum") => {
                    return Err(SqlError::new(
                        4007,
                        "Only OSS and checksum_type=md5 support setting enable_worm, other devices or checksum types are not supported",
                    ));
                }
                "role_arn" => {
                    has_role = true;
                    others.push(option.to_owned());
                }
                "checksum_type" if scheme == "oss" && value == "crc32" => {
                    return Err(SqlError::new(
                        9113,
                        "checksum type crc32 is not supported for the input destination",
                    ));
                }
                "delete_mode" | "addressing_model" | "checksum_type" | "s3_region" | "external_id"
                | "max_iops" | "max_bandwidth" | "enable_worm" => {
                    others.push(option.to_owned());
                }
                _ => return Err(SqlError::plain(9026)),
            }
        }
        let has_keys = !self.access_id.is_empty() && has_key;
        let complete = !self.host.is_empty() && (has_keys || has_role);
        if !complete || has_appid != (scheme == "cos") {
            return Err(SqlError::plain(9026));
        }
        self.extension = others.join("&");
        Ok(())
    }

    pub(crate) fn is_file(&self) -> bool {
        self.bare.starts_with("file://")
    }

    pub(crate) fn is_s3(&self) -> bool {
        self.bare.starts_with("s3://")
    }
}

/// Options that choose nodes.
const NODES: [&str; 3] = ["zone", "idc", "region"];

/// Returns an address as stored in the setting: without the options that choose nodes.
fn without_nodes(text: &str) -> String {
    let Some((path, options)) = text.split_once('?') else { return text.to_owned() };
    let is_kept = |option: &&str| option.split_once('=').is_none_or(|(name, _)| !NODES.contains(&name));
    let options: Vec<&str> = options.split('&').filter(is_kept).collect();
    format!("{path}?{}", options.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_the_rules_of_their_medium() {
        let keys = "host=h&access_id=a&access_key=k";
        let cases = [
            ("file:///backup".to_owned(), true),
            ("file://backup".to_owned(), false),
            ("file:///backup?host=h".to_owned(), false),
            ("file:///backup?zone=zone1".to_owned(), true),
            ("file:///backup?role_arn=r".to_owned(), false),
            ("s3://bucket/path?host=h&role_arn=r&external_id=e".to_owned(), true),
            (format!("oss://bucket/path?{keys}&enable_worm=true"), true),
            (format!("oss://bucket/path?{keys}&enable_worm=maybe"), false),
            (format!("s3://bucket/path?{keys}&enable_worm=true"), false),
            ("/backup".to_owned(), false),
            ("ftp://h/backup".to_owned(), false),
            (format!("oss://bucket/path?{keys}"), true),
            ("oss://bucket/path?host=h&access_id=a".to_owned(), false),
            (format!("oss://bucket/path?{keys}&appid=1"), false),
            (format!("cos://bucket/path?{keys}"), false),
            (format!("cos://bucket/path?{keys}&appid=1"), true),
            (format!("s3://bucket/path?{keys}&s3_region=r&delete_mode=tagging"), true),
            (format!("s3://bucket/path?{keys}&delete_mode=burn"), false),
        ];
        for (text, good) in cases {
            assert_eq!(Uri::parse(&text).is_ok(), good, "{text}");
        }
        let uri = Uri::parse(&format!("oss://bucket/path/?{keys}")).expect("a good address");
        assert_eq!(uri.bare, "oss://bucket/path");
        let uri = Uri::parse(&format!("oss://bucket/path?{keys}&zone=z1")).expect("a good address");
        assert_eq!(uri.full, format!("oss://bucket/path?{keys}"), "nodes are no part of the setting");
    }
}
