//! Collections and what stands in them.

use outport_api::client::{EndpointScope, LsQuery};
use outport_control::{
    Collection, CollectionQuery, CollectionScope, Entry, ListQuery, Listing, RenameFile, SortBy,
};
use outport_types::{Code, EndpointId, EndpointRef, Problem};

use super::{
    Owner,
    views::{self, refused_by},
};

impl Owner {
    pub(super) async fn collections(
        &self,
        query: CollectionQuery,
    ) -> Result<Vec<Collection>, Problem> {
        let (client, asker) = (self.client().await?, self.asker().await?);
        let scope = match query.scope {
            CollectionScope::Mine => EndpointScope::Mine,
            CollectionScope::Recent => EndpointScope::RecentlyUsed,
            CollectionScope::Shared => EndpointScope::SharedWithMe,
            CollectionScope::All => EndpointScope::All,
        };
        let text = query.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
        if text.is_none() && query.scope == CollectionScope::All {
            return Ok(Vec::new()); // nobody looks for everything
        }
        let limit = (query.limit as usize).min(COLLECTIONS_MAX);
        let found = client.endpoints(scope, text, limit).await.map_err(refused_by(&client))?;
        Ok(found.into_iter().map(|found| views::collection(found, &asker)).collect())
    }

    pub(super) async fn collection(&self, name: &str) -> Result<Collection, Problem> {
        let (client, asker) = (self.client().await?, self.asker().await?);
        let not_found =
            |_| Problem::new(Code::EndpointNotFound, [("endpoint", name.to_owned().into())]);
        let name: EndpointRef = name.trim().parse().map_err(not_found)?;
        let found = client.find_endpoint(&name).await.map_err(refused_by(&client))?;
        Ok(views::collection(found, &asker))
    }

    pub(super) async fn list(&self, query: ListQuery) -> Result<Listing, Problem> {
        let client = self.client().await?;
        let ask = LsQuery {
            path: query.path,
            show_hidden: query.show_hidden,
            order: Some(order(query.sort, query.descending)),
            filters: query.filter.as_deref().and_then(name_filter).into_iter().collect(),
            offset: u64::from(query.offset),
            limit: Some(u64::from(query.limit.clamp(1, ENTRIES_MAX))),
        };
        let list = client.ls(query.collection, &ask).await.map_err(refused_by(&client))?;
        Ok(views::listing(list))
    }

    pub(super) async fn stat(&self, collection: EndpointId, path: &str) -> Result<Entry, Problem> {
        let client = self.client().await?;
        let found = client.stat(collection, path).await.map_err(refused_by(&client))?;
        Ok(views::entry(found))
    }

    pub(super) async fn mkdir(&self, collection: EndpointId, path: &str) -> Result<(), Problem> {
        let client = self.client().await?;
        client.mkdir(collection, path).await.map(drop).map_err(refused_by(&client))
    }

    pub(super) async fn rename(&self, rename: RenameFile) -> Result<(), Problem> {
        let client = self.client().await?;
        let RenameFile { collection, old_path, new_path } = rename;
        let renamed = client.rename(collection, &old_path, &new_path).await;
        renamed.map(drop).map_err(refused_by(&client))
    }
}

/// Directories come first whatever the order, as in every window of files.
fn order(sort: SortBy, descending: bool) -> String {
    let way = if descending { "DESC" } else { "ASC" };
    match sort {
        SortBy::Name => format!("type ASC,name {way}"),
        SortBy::Size => format!("type ASC,size {way},name ASC"),
        SortBy::Modified => format!("type ASC,last_modified {way},name ASC"),
        SortBy::Type => format!("type {way},name ASC"),
    }
}

/// The hub's filter for names that contain a text in upper or lower case.
fn name_filter(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let mut filter = "name:~*".to_owned();
    for c in text.chars().take(FILTER_CHARS_MAX) {
        let (lower, upper) = (c.to_lowercase(), c.to_uppercase());
        let both: Vec<char> = lower.chain(upper).collect();
        match both[..] {
            // What means something in a filter fits any one character.
            _ if "*?[]!,/".contains(c) => filter.push('?'),
            [lower, upper] if lower != upper => filter.extend(['[', lower, upper, ']']),
            _ => filter.push(c),
        }
    }
    filter.push('*');
    Some(filter)
}

/// More than anybody scrolls through; a search is narrowed instead.
const COLLECTIONS_MAX: usize = 1000;
/// A page that a window draws at once; the rest comes as it is scrolled to.
const ENTRIES_MAX: u32 = 5000;
/// Longer than what anybody types to narrow a list.
const FILTER_CHARS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_name_is_found_in_any_case_and_means_nothing_else() {
        assert_eq!(name_filter("a1").as_deref(), Some("name:~*[aA]1*"));
        assert_eq!(name_filter("x,*/").as_deref(), Some("name:~*[xX]???*"));
        assert_eq!(name_filter("  "), None);
    }

    #[test]
    fn directories_come_first() {
        assert_eq!(order(SortBy::Size, true), "type ASC,size DESC,name ASC");
        assert_eq!(order(SortBy::Type, true), "type DESC,name ASC");
    }
}
