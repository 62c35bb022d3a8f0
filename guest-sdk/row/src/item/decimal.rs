//! Decimals in items: numbers of any scale, in the order of numbers.

/// Digits of a fraction at most.
const DIGITS_MAX: u32 = 38;

/// Appends the number `units` x 10^-`scale`, in at most 36 bytes; numbers that are equal have equal bytes, whatever their scales.
///
/// The largest whole number that is not greater, `w`, comes first. If it is not negative: 128 + n and its n significant bytes, big-endian; else
/// 127 - n and the n significant bytes of -`w` - 1, each complemented. Then the rest, which is positive, by two digits a byte, plus 1, without
/// trailing zeros; then a byte 0.
pub fn put_decimal(units: i128, scale: u8, out: &mut Vec<u8>) {
    let one = 10i128.pow(u32::from(scale).min(DIGITS_MAX));
    let (whole, rest) = (units.div_euclid(one), units.rem_euclid(one) as u128);
    let (magnitude, flip) = if whole >= 0 { (whole as u128, 0) } else { (!whole as u128, 0xff) };
    let bytes = magnitude.to_be_bytes();
    let zeros = magnitude.leading_zeros() as usize / 8;
    let count = (bytes.len() - zeros) as u8;
    out.push(if flip == 0 { 128 + count } else { 127 - count });
    out.extend(bytes[zeros..].iter().map(|b| b ^ flip));
    // The fraction's digits, two by two from the point on.
    let mut rest = rest;
    let mut unit = one as u128;
    while rest > 0 {
        // An odd digit at the end counts for two.
        let (pair, left, next) = match unit / 100 {
            0 => (rest * 10, 0, 1),
            next => (rest / next, rest % next, next),
        };
        out.push(pair as u8 + 1);
        (rest, unit) = (left, next);
    }
    out.push(0);
}

/// The number at the start of `bytes`, with as few digits after the point as it has, and the bytes after it; `None` if there is none.
pub(super) fn decimal(bytes: &[u8]) -> Option<(i128, u8, &[u8])> {
    let (&head, mut bytes) = bytes.split_first()?;
    let (count, flip) = if head >= 128 { (head - 128, 0) } else { (127 - head, 0xffu8) };
    let (digits, after) = bytes.split_at_checked(usize::from(count))?;
    if count > 16 || digits.first().is_some_and(|b| b ^ flip == 0) {
        return None;
    }
    let magnitude = digits.iter().fold(0u128, |m, b| m << 8 | u128::from(b ^ flip));
    let whole = i128::try_from(magnitude).ok()?;
    let mut units = if flip == 0 { whole } else { !whole };
    let mut scale = 0;
    bytes = after;
    let mut last = 1;
    loop {
        let (&pair, after) = bytes.split_first()?;
        bytes = after;
        if pair == 0 {
            break;
        }
        if pair > 100 || scale >= DIGITS_MAX as u8 {
            return None;
        }
        last = pair - 1;
        // The last digit of an odd number of digits would overflow as a zero.
        match bytes.first() {
            Some(0) if last % 10 == 0 => {
                units = units.checked_mul(10)?.checked_add(i128::from(last / 10))?;
                scale += 1;
            }
            _ => {
                units = units.checked_mul(100)?.checked_add(i128::from(last))?;
                scale += 2;
            }
        }
    }
    (last > 0 && units.unsigned_abs() < 10u128.pow(DIGITS_MAX)).then_some((units, scale, bytes))
}
