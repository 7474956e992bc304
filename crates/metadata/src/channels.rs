//! Channels for notices of alarms. The whole target of a channel is sealed, so that nobody can lead its secrets
//! elsewhere by changing a row.

mod sealed;

use model::channel::{Channel, Receiver, Rule, Target};
use model::id::ChannelId;
use model::text::{Language, Text};
use model::{Secret, Timestamp};

use crate::database::{Connection, Transaction, exactly_one};
use crate::error::Error;
use crate::open::Metadata;
use crate::seal::{Place, Sealer};
use crate::sql::{Row, json, readable, statement, word};

const NOUN: &str = "channel";

/// The settings of a channel.
#[derive(Debug, Clone)]
pub struct ChannelSettings {
    /// Its name.
    pub name: String,
    /// What is shown of its target.
    pub receiver: Receiver,
    /// Which notices it receives.
    pub rule: Rule,
    /// The language of the notices.
    pub language: Language,
    /// Whether it receives notices.
    pub enabled: bool,
}

/// A channel that is enabled and delivers nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelFailure {
    /// The channel.
    pub channel: ChannelId,
    /// Its name.
    pub name: String,
    /// When the first of these tries failed.
    pub since: Timestamp,
    /// When the last one failed.
    pub last: Timestamp,
    /// Why it failed.
    pub problem: Text,
}

impl Metadata {
    /// Returns the channels, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn channel_list(&self) -> Result<Vec<Channel>, Error> {
        list(&mut self.read().await?).await
    }

    /// Returns a channel.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn channel_get(&self, id: ChannelId) -> Result<Option<Channel>, Error> {
        get(&mut self.read().await?, id).await
    }

    /// Returns the channels whose last notices were not delivered.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn channel_failures(&self) -> Result<Vec<ChannelFailure>, Error> {
        let list = statement(
            "list failing channels",
            "SELECT c.id, c.name, f.since_at, f.failed_at, f.problem FROM channel_failures f
             JOIN channels c ON c.id = f.channel_id ORDER BY c.id",
        );
        Ok(readable(&self.read().await?.rows(list).await?, failure))
    }

    /// Returns the target of a channel, with its secrets.
    ///
    /// # Errors
    /// When there is no such channel, when its secrets do not open, or the database fails.
    pub async fn channel_target(&self, id: ChannelId) -> Result<Target, Error> {
        target(&mut self.read().await?, &self.sealer, id).await
    }
}

impl Transaction {
    /// Returns the channels, as they are in this transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn channels_now(&mut self) -> Result<Vec<Channel>, Error> {
        list(&mut self.connection).await
    }

    /// Returns a channel, as it is in this transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn channel_now(&mut self, id: ChannelId) -> Result<Option<Channel>, Error> {
        get(&mut self.connection, id).await
    }

    /// Returns the target of a channel, as it is in this transaction.
    ///
    /// # Errors
    /// As [`Metadata::channel_target`].
    pub async fn channel_target_now(&mut self, id: ChannelId) -> Result<Target, Error> {
        target(&mut self.connection, &self.sealer, id).await
    }

    /// Stores a channel.
    ///
    /// # Errors
    /// When the name is taken, or the database fails.
    pub async fn channel_insert(
        &mut self,
        settings: &ChannelSettings,
        target: &Target,
    ) -> Result<ChannelId, Error> {
        let created = self.now().await?;
        let id = self.connection.take_numbers("channels", 1).await?;
        let insert = statement(
            "store a channel",
            "INSERT INTO channels (id, name, endpoint, header_names, is_signed, rule_json, language, enabled,
             secrets, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        );
        let (header_names, is_signed) = of_webhook(&settings.receiver);
        let insert =
            insert.bind(id).bind(&settings.name).bind(settings.receiver.endpoint()).bind(header_names);
        let insert = insert.bind(is_signed).bind(json(&settings.rule));
        let insert = insert.bind(word(&settings.language)).bind(settings.enabled);
        let insert = insert.bind(seal(&self.sealer, id, target)).bind(created);
        let done = self.connection.execute(insert).await;
        done.map_err(|error| error.or_taken(NOUN, &settings.name))?;
        if !matches!(settings.receiver, Receiver::Webhook { .. }) {
            let insert = statement(
                "store a channel",
                "INSERT INTO channel_receivers (channel_id, receiver) VALUES (?, ?)",
            );
            self.connection.execute(insert.bind(id).bind(json(&settings.receiver))).await?;
        }
        Ok(ChannelId(id))
    }

    /// Replaces a channel's settings, and its target if one is given, which must be of the same kind.
    ///
    /// # Errors
    /// When the name is taken, there is no such channel, or the database fails.
    pub async fn channel_update(
        &mut self,
        id: ChannelId,
        settings: &ChannelSettings,
        target: Option<&Target>,
    ) -> Result<(), Error> {
        let update = statement(
            "store a channel",
            "UPDATE channels SET name = ?, endpoint = ?, rule_json = ?, language = ?, enabled = ?",
        );
        let update =
            update.bind(&settings.name).bind(settings.receiver.endpoint()).bind(json(&settings.rule));
        let mut update = update.bind(word(&settings.language)).bind(settings.enabled);
        if let Some(target) = target {
            let (header_names, is_signed) = of_webhook(&settings.receiver);
            update = update.push(", header_names = ?, is_signed = ?, secrets = ?").bind(header_names);
            update = update.bind(is_signed).bind(seal(&self.sealer, id.0, target));
        }
        let done = self.connection.execute(update.push(" WHERE id = ?").bind(id.0)).await;
        let changed = done.map_err(|error| error.or_taken(NOUN, &settings.name))?;
        exactly_one(changed, NOUN, id.0)?;
        // Of a webhook, there is no such row.
        let update =
            statement("store a channel", "UPDATE channel_receivers SET receiver = ? WHERE channel_id = ?");
        self.connection.execute(update.bind(json(&settings.receiver)).bind(id.0)).await?;
        if !settings.enabled {
            self.notices_skip(id).await?;
        }
        if !settings.enabled || target.is_some() {
            self.channel_works(id).await?;
        }
        Ok(())
    }

    /// Records that a channel works again, or starts over.
    pub(crate) async fn channel_works(&mut self, id: ChannelId) -> Result<(), Error> {
        let delete = statement("forget a failure", "DELETE FROM channel_failures WHERE channel_id = ?");
        self.connection.execute(delete.bind(id.0)).await.map(drop)
    }

    /// Records that a notice for a channel was not delivered.
    pub(crate) async fn channel_fails(&mut self, id: ChannelId, problem: &Text) -> Result<(), Error> {
        let now = self.now().await?;
        let update = statement(
            "record a failure",
            "UPDATE channel_failures SET failed_at = ?, problem = ? WHERE channel_id = ?",
        );
        if self.connection.execute(update.bind(now).bind(json(problem)).bind(id.0)).await? > 0 {
            return Ok(());
        }
        let insert = statement(
            "record a failure",
            "INSERT INTO channel_failures (channel_id, since_at, failed_at, problem) VALUES (?, ?, ?, ?)",
        );
        let insert = insert.bind(id.0).bind(now).bind(now).bind(json(problem));
        self.connection.execute(insert).await.map(drop)
    }

    /// Returns whether the last notice for a channel was not delivered.
    pub(crate) async fn channel_is_failing(&mut self, id: ChannelId) -> Result<bool, Error> {
        let find =
            statement("look for a failure", "SELECT channel_id FROM channel_failures WHERE channel_id = ?");
        Ok(self.connection.row(find.bind(id.0)).await?.is_some())
    }

    /// Removes a channel with its notices: none of them is sent.
    ///
    /// # Errors
    /// When there is no such channel, or the database fails.
    pub async fn channel_remove(&mut self, id: ChannelId) -> Result<(), Error> {
        let delete = statement("remove a channel", "DELETE FROM channels WHERE id = ?").bind(id.0);
        exactly_one(self.connection.execute(delete).await?, NOUN, id.0)
    }
}

async fn list(connection: &mut Connection) -> Result<Vec<Channel>, Error> {
    let list = statement(
        "list channels",
        "SELECT c.*, r.receiver FROM channels c
         LEFT JOIN channel_receivers r ON r.channel_id = c.id ORDER BY c.name",
    );
    Ok(readable(&connection.rows(list).await?, channel))
}

async fn get(connection: &mut Connection, id: ChannelId) -> Result<Option<Channel>, Error> {
    let get = statement(
        "read a channel",
        "SELECT c.*, r.receiver FROM channels c LEFT JOIN channel_receivers r ON r.channel_id = c.id WHERE c.id = ?",
    );
    connection.row(get.bind(id.0)).await?.map(|row| channel(&row)).transpose()
}

async fn target(connection: &mut Connection, sealer: &Sealer, id: ChannelId) -> Result<Target, Error> {
    let get = statement("read a channel's secrets", "SELECT secrets FROM channels WHERE id = ?").bind(id.0);
    let row = connection.row(get).await?.ok_or(Error::Missing { noun: NOUN, id: id.0 })?;
    open(sealer, id.0, &row.text("secrets")?)
}

/// Returns the columns of a webhook: the names of its headers, and whether it is signed.
fn of_webhook(receiver: &Receiver) -> (String, bool) {
    match receiver {
        Receiver::Webhook { header_names, is_signed, .. } => (json(header_names), *is_signed),
        Receiver::Email { .. } => ("[]".to_owned(), false),
    }
}

fn place(row: i64) -> Place {
    Place { table: "channels", row, column: "secrets" }
}

fn seal(sealer: &Sealer, row: i64, target: &Target) -> String {
    sealer.seal(place(row), &Secret::new(sealed::text(target)))
}

fn open(sealer: &Sealer, row: i64, sealed: &str) -> Result<Target, Error> {
    let opened = sealer.open(place(row), sealed)?;
    sealed::target(opened.expose()).ok_or_else(|| Error::SealBroken { place: place(row).to_string() })
}

fn channel(row: &Row) -> Result<Channel, Error> {
    let receiver = match row.json_or_none("receiver")? {
        Some(receiver) => receiver,
        None => Receiver::Webhook {
            endpoint: row.text("endpoint")?,
            header_names: row.json("header_names")?,
            is_signed: row.flag("is_signed")?,
        },
    };
    Ok(Channel {
        id: ChannelId(row.integer("id")?),
        name: row.text("name")?,
        receiver,
        rule: row.json("rule_json")?,
        language: row.word("language")?,
        enabled: row.flag("enabled")?,
        created: row.timestamp("created_at")?,
    })
}

fn failure(row: &Row) -> Result<ChannelFailure, Error> {
    Ok(ChannelFailure {
        channel: ChannelId(row.integer("id")?),
        name: row.text("name")?,
        since: row.timestamp("since_at")?,
        last: row.timestamp("failed_at")?,
        problem: row.json("problem")?,
    })
}
