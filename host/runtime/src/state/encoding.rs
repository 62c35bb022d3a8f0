//! A block as bytes: four little-endian `u32` (stride, words, weights, ends), then the words, the weights, the ends.

use weir_row::Block;

use super::StoreError;

const HEADER_BYTES: usize = 16;

/// Bytes of an encoded block.
pub(super) fn encoded_len(block: &Block) -> usize {
    HEADER_BYTES + 8 * block.words.len() + 8 * block.weights.len() + 4 * block.ends.len()
}

/// Write a block into exactly [`encoded_len`] bytes.
pub(super) fn encode(block: &Block, out: &mut [u8]) -> Result<(), StoreError> {
    assert_eq!(out.len(), encoded_len(block), "the buffer was made for this block");
    let count = |n: usize| u32::try_from(n).map_err(|_| StoreError::Damaged("a block of 4 Gi rows".to_owned()));
    let header = [block.stride, count(block.words.len())?, count(block.weights.len())?, count(block.ends.len())?];
    let (head, rest) = out.split_at_mut(HEADER_BYTES);
    let (words, rest) = rest.split_at_mut(8 * block.words.len());
    let (weights, ends) = rest.split_at_mut(8 * block.weights.len());
    head.chunks_exact_mut(4).zip(header).for_each(|(out, v)| out.copy_from_slice(&v.to_le_bytes()));
    words.chunks_exact_mut(8).zip(&block.words).for_each(|(out, v)| out.copy_from_slice(&v.to_le_bytes()));
    weights.chunks_exact_mut(8).zip(&block.weights).for_each(|(out, v)| out.copy_from_slice(&v.to_le_bytes()));
    ends.chunks_exact_mut(4).zip(&block.ends).for_each(|(out, v)| out.copy_from_slice(&v.to_le_bytes()));
    Ok(())
}

/// Read a block; its shape is checked.
pub(super) fn decode(bytes: &[u8]) -> Result<Block, StoreError> {
    let damaged = |why: &str| StoreError::Damaged(why.to_owned());
    let (header, rest) = bytes.split_at_checked(HEADER_BYTES).ok_or_else(|| damaged("a block without a header"))?;
    let header: Vec<u32> = u32s(header).collect();
    let [stride, words, weights, ends] = header[..] else { return Err(damaged("a block without a header")) };
    let lengths = [8 * words as usize, 8 * weights as usize, 4 * ends as usize];
    if rest.len() != lengths.iter().sum::<usize>() {
        return Err(damaged("a block of another length than it says"));
    }
    let (words, rest) = rest.split_at(lengths[0]);
    let (weights, ends) = rest.split_at(lengths[1]);
    let block = Block {
        stride,
        words: u64s(words).collect(),
        weights: u64s(weights).map(|w| w as i64).collect(),
        ends: u32s(ends).collect(),
    };
    block.check().map_err(|e| damaged(&e.to_string()))?;
    Ok(block)
}

fn u32s(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b))
}

fn u64s(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    bytes.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(block: &Block) -> Vec<u8> {
        let mut bytes = vec![0; encoded_len(block)];
        encode(block, &mut bytes).unwrap();
        assert_eq!(decode(&bytes).unwrap(), *block);
        bytes
    }

    #[test]
    fn blocks_come_back_and_damage_is_seen() {
        let fixed = Block { stride: 2, words: vec![1, u64::MAX, 3, 4], ends: vec![], weights: vec![-1, i64::MAX] };
        let varying = Block { stride: 0, words: vec![1, 2, 3], ends: vec![1, 1, 3], weights: vec![1, 2, 3] };
        round(&Block::default());
        round(&fixed);
        let bytes = round(&varying);
        for cut in 0..bytes.len() {
            assert!(decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        let mut bad = bytes.clone();
        // The last row end: no more the number of words.
        let last = bad.len() - 4;
        bad[last] = 9;
        assert!(decode(&bad).is_err());
    }
}
