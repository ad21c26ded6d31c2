//! Decimal numbers as whole ones in the same order, so that they are compared without rounding.
//!
//! A number of up to six decimals has an even rank, and what lies between two of these has the odd
//! rank between theirs. So every bound that a policy can write is told exactly from its neighbours,
//! however many digits a request sends.

/// How many millionths the largest number that is told apart has.
const MILLIONTHS_MAX: u128 = 1_000_000_000_000_000_000;
/// The rank of zero.
const ZERO: u64 = 1 << 62;
/// Decimals that are told apart.
const PLACES: i64 = 6;

/// The rank of a number as JSON writes it; nothing if it is none. Beyond a million millions on
/// either side all numbers have one rank.
pub fn rank(number: &[u8]) -> Option<u64> {
    let (negative, rest) = match number.split_first()? {
        (b'-', rest) => (true, rest),
        _ => (false, number),
    };
    let at = rest.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (digits, exponent) = rest.split_at(at.unwrap_or(rest.len()));
    let exponent = match exponent.split_first() {
        Some((_, exponent)) => power(exponent)?,
        None => 0,
    };
    let dot = digits.iter().position(|byte| *byte == b'.');
    let whole = dot.unwrap_or(digits.len());
    let all = digits.iter().copied().filter(|byte| *byte != b'.');
    if whole == 0 || dot == Some(digits.len() - 1) || !all.clone().all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    // How many digits, from the first on, stand before the millionths' end.
    let kept = exponent.saturating_add(i64::try_from(whole).unwrap_or(i64::MAX)) + PLACES;
    let (millionths, more) = cut(all.map(|byte| byte - b'0'), kept);
    let above = u64::try_from(millionths.min(MILLIONTHS_MAX)).ok()? * 2
        + u64::from(more || millionths > MILLIONTHS_MAX);
    Some(if negative { ZERO - above } else { ZERO + above })
}

/// The number that the first digits make, with zeros after the last; and whether any digit that is
/// left over is not zero. A number too large stays too large.
fn cut(digits: impl Iterator<Item = u8>, kept: i64) -> (u128, bool) {
    let (mut number, mut more, mut read) = (0_u128, false, 0_i64);
    for digit in digits {
        if read < kept {
            number = (number * 10 + u128::from(digit)).min(MILLIONTHS_MAX + 1);
        } else {
            more |= digit != 0;
        }
        read = read.saturating_add(1);
    }
    while read < kept && number != 0 && number <= MILLIONTHS_MAX {
        number *= 10;
        read += 1;
    }
    (number.min(MILLIONTHS_MAX + 1), more)
}

fn power(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.split_first()? {
        (b'-', digits) => (true, digits),
        (b'+', digits) => (false, digits),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let power = digits.iter().fold(0_i64, |power, digit| {
        (power * 10 + i64::from(digit - b'0')).min(1 << 40)
    });
    Some(if negative { -power } else { power })
}

/// Of the ranks from the first to the last, that of the number with the fewest decimals which is
/// nearest to zero: what a reader would think of.
pub fn plainest(first: u64, last: u64) -> u64 {
    if (first..=last).contains(&ZERO) {
        return ZERO;
    }
    let is_above = first > ZERO;
    let (near, far) = if is_above {
        (first - ZERO, last.saturating_sub(ZERO))
    } else {
        (ZERO - last, ZERO - first)
    };
    let far = u128::from(far).min(MILLIONTHS_MAX * 2);
    let mut step = 2_000_000;
    while step > 2 && u128::from(near.next_multiple_of(step)) > far {
        step /= 10;
    }
    let even = near.next_multiple_of(step);
    // Where there is no number of six decimals, one that lies between two of these.
    let above = if u128::from(even) > far { near } else { even };
    if is_above { ZERO + above } else { ZERO - above }
}

/// A number of this rank, in digits.
pub fn written(rank: u64) -> String {
    let (sign, above) = if rank < ZERO {
        ("-", ZERO - rank)
    } else {
        ("", rank - ZERO)
    };
    let (whole, millionths) = (above / 2 / 1_000_000, above / 2 % 1_000_000);
    let between = if above.is_multiple_of(2) { "" } else { "5" };
    let places = format!("{millionths:06}{between}");
    let places = places.trim_end_matches('0');
    if places.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{places}")
    }
}

#[cfg(test)]
mod tests {
    use super::{plainest, rank, written};

    fn of(text: &str) -> u64 {
        rank(text.as_bytes()).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn numbers_are_ranked_in_their_order() {
        let rising = [
            "-1e999",
            "-1000000000000",
            "-999999999999.999999",
            "-3.5",
            "-0.0000015",
            "-0.000001",
            "-1e-400",
            "0",
            "1e-400",
            "0.000001",
            "0.0000015",
            "0.000002",
            "0.1",
            "0.1000000000000000055511151231257827",
            "0.100001",
            "0.7",
            "1",
            "1.0000000000000000000000000000000000001",
            "1.000001",
            "900719925474.0993",
            "999999999999.999999",
            "1000000000000",
            "1000000000000.00000000001",
        ];
        let rising: Vec<(&str, u64)> = rising.iter().map(|text| (*text, of(text))).collect();
        for two in rising.windows(2) {
            assert!(two[0].1 < two[1].1, "{two:?}");
        }
    }

    #[test]
    fn one_number_has_one_rank_however_it_is_written() {
        for same in [
            vec!["0", "-0", "0.0", "0e5", "0.0e-9"],
            vec!["0.7", "0.70", "7e-1", "70E-2", "0.07e+1", "0.0000007e6"],
            vec!["1500", "1.5e3", "1500.000", "15e2"],
            vec![
                "1e999",
                "2e13",
                "1000000000001",
                "99999999999999999999999999999999999999999",
            ],
        ] {
            for one in &same {
                assert_eq!(of(one), of(same[0]), "{one}");
            }
        }
    }

    #[test]
    fn what_is_no_number_has_no_rank() {
        for text in ["", "-", ".5", "1.", "1e", "1e+", "x", "1x", "--1", "0x10"] {
            assert_eq!(rank(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_plainest_number_has_the_fewest_decimals_and_is_nearest_to_zero() {
        for (first, last, plain) in [
            ("0.7000000001", "1e999", "1"),
            ("0.7000000001", "0.95", "0.8"),
            ("0.7000000001", "0.75", "0.71"),
            ("0.7000000001", "0.700001", "0.700001"),
            ("0.7000000001", "0.7000000002", "0.7000005"),
            ("-1", "1", "0"),
            ("-0.7", "-0.1", "-0.1"),
            ("-1e999", "-0.0000000001", "-1"),
            ("-0.000001", "-0.0000000001", "-0.000001"),
            ("-0.0000000002", "-0.0000000001", "-0.0000005"),
            ("0.1", "0.1", "0.1"),
            ("3", "4", "3"),
            ("1000000000000", "1e999", "1000000000000"),
            ("1000000000000.1", "1e999", "1000000000000.0000005"),
            ("-1e999", "-1000000000000.1", "-1000000000000.0000005"),
        ] {
            let found = plainest(of(first), of(last));
            assert_eq!(written(found), plain, "{first} to {last}");
            assert!((of(first)..=of(last)).contains(&found));
        }
        let (least, most) = (plainest(0, of("-5.5")), plainest(of("5.5"), u64::MAX));
        assert_eq!((least, most), (of("-6"), of("6")));
    }

    #[test]
    fn a_rank_is_written_as_a_number_of_that_rank() {
        for text in [
            "0",
            "0.7",
            "-0.7",
            "12",
            "0.000001",
            "0.0000015",
            "-3.0000005",
            "999999999999",
        ] {
            assert_eq!(written(of(text)), text);
        }
        for text in ["1e999", "-1e999", "1e-400", "-1e-400"] {
            assert_eq!(of(&written(of(text))), of(text), "{text}");
        }
    }
}
