//! Names of organizations, written in one way.

use unicode_normalization::UnicodeNormalization;

/// Legal forms that a registry takes for one: it registers no name that differs from another of
/// the same place and trade by its form alone.
const FORMS: [&str; 3] = ["股份有限公司", "有限责任公司", "股份公司"];

/// The form that stands for all of them.
const FORM: &str = "有限公司";

/// A name by which spellings of one organization are recognised: widths and case folded, without
/// spaces, brackets (their content stays), quotation marks and dots, legal forms of companies made
/// one. Names of places are kept, for they tell branches apart.
///
/// Empty if nothing is left.
#[must_use]
pub fn normal_name(name: &str) -> String {
    let folded: String = name
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !c.is_whitespace() && !c.is_control() && !is_decoration(*c))
        .collect();
    for form in FORMS {
        if let Some(stem) = folded.strip_suffix(form)
            && !stem.is_empty()
        {
            return format!("{stem}{FORM}");
        }
    }
    folded
}

const fn is_decoration(c: char) -> bool {
    matches!(
        c,
        '(' | ')'
            | '['
            | ']'
            | '【'
            | '】'
            | '〔'
            | '〕'
            | '「'
            | '」'
            | '《'
            | '》'
            | '"'
            | '\''
            | '“'
            | '”'
            | '‘'
            | '’'
            | '·'
            | '.'
            | '。'
            | ','
            | '、'
            | '-'
            | '—'
            | '\u{200b}'
            | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::normal_name;

    #[test]
    fn spellings_of_one_name_meet() {
        let expected = normal_name("杭州甲乙科技有限公司");
        for name in [
            "杭州甲乙科技有限责任公司",
            " 杭州甲乙科技股份有限公司 ",
            "杭州“甲乙”科技 有限公司",
            "杭州甲乙科技股份公司",
        ] {
            assert_eq!(normal_name(name), expected, "{name}");
        }
        assert_eq!(normal_name("甲乙（杭州）有限公司"), normal_name("甲乙(杭州)有限公司"));
        assert_eq!(normal_name("ＡＢＢ (China) Co., Ltd."), normal_name("abb china co ltd"));
    }

    #[test]
    fn different_names_stay_apart() {
        assert_ne!(normal_name("杭州甲乙有限公司"), normal_name("宁波甲乙有限公司"));
        assert_ne!(normal_name("甲大学"), normal_name("甲大学医学院"));
        assert_ne!(normal_name("甲乙集团有限公司"), normal_name("甲乙有限公司"));
        assert_eq!(normal_name("有限责任公司"), "有限责任公司");
        assert_eq!(normal_name(" ·（） "), "");
    }
}
