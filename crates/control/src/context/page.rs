//! Long lists are returned page by page.

use metadata::{Listing, Slice};
use model::Problem;

/// The maximum number of rows on a page (OCP's limit).
pub const SIZE_MAX: u32 = 2_000;

/// The requested page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageAsk {
    number: u32,
    size: u32,
}

impl PageAsk {
    /// Requests a page (from 1) with this many rows (1 to [`SIZE_MAX`]).
    ///
    /// # Errors
    /// When a number is outside these ranges.
    pub fn new(number: u32, size: u32) -> Result<Self, Problem> {
        if number >= 1 && (1..=SIZE_MAX).contains(&size) {
            Ok(Self { number, size })
        } else {
            Err(Problem::invalid("page-out-of-range")
                .with("number", number)
                .with("size", size)
                .with("most", SIZE_MAX))
        }
    }

    /// Returns the page number, from 1.
    #[must_use]
    pub fn number(self) -> u32 {
        self.number
    }

    /// Returns the maximum number of rows on the page.
    #[must_use]
    pub fn size(self) -> u32 {
        self.size
    }

    /// Returns the page as a slice of a list in the metadata.
    pub(crate) fn slice(self) -> Slice {
        Slice { offset: self.offset(), limit: self.size }
    }

    /// Returns the page with the rows from the metadata.
    pub(crate) fn filled<T>(self, listing: Listing<T>) -> Page<T> {
        Page { contents: listing.items, number: self.number, size: self.size, total_elements: listing.total }
    }

    fn offset(self) -> u64 {
        u64::from(self.number - 1) * u64::from(self.size)
    }

    /// Cuts the page out of a complete list.
    pub(crate) fn of<T>(self, all: Vec<T>) -> Page<T> {
        let total_elements = all.len() as u64;
        let offset = usize::try_from(self.offset()).unwrap_or(usize::MAX);
        let contents = all.into_iter().skip(offset).take(self.size as usize).collect();
        Page { contents, number: self.number, size: self.size, total_elements }
    }
}

impl Default for PageAsk {
    fn default() -> Self {
        Self { number: 1, size: 10 }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows of the page.
    pub contents: Vec<T>,
    /// The page number, from 1.
    pub number: u32,
    /// The maximum number of rows per page.
    pub size: u32,
    /// The number of rows on all pages.
    pub total_elements: u64,
}

impl<T> Page<T> {
    /// Returns how many pages there are.
    #[must_use]
    pub fn total_pages(&self) -> u64 {
        self.total_elements.div_ceil(u64::from(self.size.max(1)))
    }

    /// Converts every row.
    #[must_use]
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        let Self { contents, number, size, total_elements } = self;
        Page { contents: contents.into_iter().map(turn).collect(), number, size, total_elements }
    }
}

#[cfg(test)]
mod tests {
    use super::{Page, PageAsk, SIZE_MAX};

    #[test]
    fn a_page_out_of_range_is_refused() {
        for (number, size, good) in
            [(1, 1, true), (1, SIZE_MAX, true), (0, 1, false), (1, 0, false), (1, SIZE_MAX + 1, false)]
        {
            assert_eq!(PageAsk::new(number, size).is_ok(), good, "{number} {size}");
        }
    }

    #[test]
    fn pages_hold_every_row_once() {
        let pages: Vec<Page<u32>> = (1..=3)
            .map(|number| PageAsk::new(number, 2).expect("in range").of(vec![1, 2, 3, 4, 5]))
            .collect();
        let rows: Vec<u32> = pages.iter().flat_map(|page| page.contents.clone()).collect();
        assert_eq!(rows, [1, 2, 3, 4, 5]);
        assert!(pages.iter().all(|page| page.total_elements == 5 && page.total_pages() == 3));
        assert!(PageAsk::new(u32::MAX, SIZE_MAX).expect("in range").of(vec![1]).contents.is_empty());
    }
}
