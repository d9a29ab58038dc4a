//! A chart as a PNG, drawn with the fonts of the machine.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use resvg::{tiny_skia, usvg};

use crate::model::{Diagnosis, Lang};

/// Pixels per unit of a chart: 1440 pixels wide, sharp on paper and on slides.
const ZOOM: f32 = 4.0;
/// Fonts with Chinese characters that systems come with, the plain ones first.
const FAMILIES: [&str; 10] = [
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "PingFang SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "SimSun",
    "Droid Sans Fallback",
];

/// Why a chart was not drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Missing {
    /// No font of the machine has these characters.
    #[error("no font on this machine has {characters}")]
    Glyphs {
        /// Some of the characters.
        characters: String,
    },
    /// The chart could not be drawn.
    #[error("the chart cannot be drawn: {reason}")]
    Chart {
        /// What the renderer says.
        reason: String,
    },
}

impl Diagnosis for Missing {
    fn code(&self) -> &'static str {
        match self {
            Self::Glyphs { .. } => "report.glyphs",
            Self::Chart { .. } => "report.chart",
        }
    }

    fn message(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, _) => self.to_string(),
            (Lang::Zh, Self::Glyphs { characters }) => {
                format!("本机没有一种字体含有这些字：{characters}")
            }
            (Lang::Zh, Self::Chart { reason }) => format!("图画不出来：{reason}"),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        match self {
            Self::Glyphs { .. } => lang.pick(
                "请安装中文字体：Debian、Ubuntu 用 apt install fonts-noto-cjk，Fedora 用 dnf install google-noto-sans-cjk-fonts；Windows 和 macOS 自带",
                "install a font with Chinese characters: apt install fonts-noto-cjk (Debian, Ubuntu), dnf install google-noto-sans-cjk-fonts (Fedora); Windows and macOS have one",
            ),
            Self::Chart { .. } => lang.pick("这是程序缺陷，请反馈", "this is a defect, please report it"),
        }
        .to_owned()
    }
}

/// The fonts of the machine, found once.
static FONTS: LazyLock<Arc<usvg::fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_system_fonts();
    Arc::new(fonts)
});

/// The first known family that the fonts have.
fn family(fonts: &usvg::fontdb::Database) -> Option<&'static str> {
    let has = |name: &str| fonts.faces().any(|face| face.families.iter().any(|it| it.0 == name));
    FAMILIES.into_iter().find(|name| has(name))
}

/// Draws an SVG as a PNG, four pixels per unit, on white.
///
/// # Errors
/// [`Missing::Glyphs`] where a character would be left out.
pub fn png(svg: &str) -> Result<Vec<u8>, Missing> {
    draw(svg, &FONTS)
}

fn draw(svg: &str, fonts: &Arc<usvg::fontdb::Database>) -> Result<Vec<u8>, Missing> {
    let lost: Arc<Mutex<String>> = Arc::default();
    let missed = |lost: &Mutex<String>, c: char| {
        let mut lost = lost.lock().unwrap_or_else(PoisonError::into_inner);
        if !lost.contains(c) {
            lost.push(c);
        }
    };
    let fallback = usvg::FontResolver::default_fallback_selector();
    let select = usvg::FontResolver::default_font_selector();
    let (of_fallback, of_select) = (Arc::clone(&lost), Arc::clone(&lost));
    let options = usvg::Options {
        font_family: family(fonts).unwrap_or("sans-serif").to_owned(),
        fontdb: Arc::clone(fonts),
        font_resolver: usvg::FontResolver {
            select_font: Box::new(move |font, fonts| {
                let found = select(font, fonts);
                if found.is_none() {
                    missed(&of_select, '字');
                }
                found
            }),
            select_fallback: Box::new(move |c, used, fonts| {
                let found = fallback(c, used, fonts);
                if found.is_none() {
                    missed(&of_fallback, c);
                }
                found
            }),
        },
        ..usvg::Options::default()
    };
    let broken = |reason: String| Missing::Chart { reason };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|error| broken(error.to_string()))?;
    let characters = lost.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if !characters.is_empty() {
        return Err(Missing::Glyphs { characters });
    }
    let size = tree.size();
    #[expect(clippy::cast_possible_truncation, reason = "a few thousand pixels")]
    #[expect(clippy::cast_sign_loss, reason = "sizes are positive")]
    let pixels = |length: f32| (length * ZOOM).ceil() as u32;
    let mut map = tiny_skia::Pixmap::new(pixels(size.width()), pixels(size.height()))
        .ok_or_else(|| broken("no size".to_owned()))?;
    map.fill(tiny_skia::Color::WHITE);
    resvg::render(&tree, tiny_skia::Transform::from_scale(ZOOM, ZOOM), &mut map.as_mut());
    map.encode_png().map_err(|error| broken(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVG: &str = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 100 20' width='100' height='20'><text x='2' y='15' font-size='12'>产值百亿 80%</text></svg>";

    #[test]
    fn chinese_is_drawn_where_a_font_has_it() {
        if family(&FONTS).is_none() {
            // The error is what the next test looks at.
            assert!(matches!(png(SVG), Err(Missing::Glyphs { .. })));
            return;
        }
        let drawn = png(SVG).expect("a font with Chinese characters");
        let map = tiny_skia::Pixmap::decode_png(&drawn).expect("a PNG");
        assert_eq!((map.width(), map.height()), (400, 80));
        let dark = map.pixels().iter().filter(|pixel| pixel.red() < 128).count();
        // Six characters of 48 pixels each have some thousand dark ones.
        assert!(dark > 1_000, "{dark}");
    }

    #[test]
    fn missing_characters_are_an_error_that_names_the_package() {
        let none = Arc::new(usvg::fontdb::Database::new());
        let error = draw(SVG, &none).expect_err("no font at all");
        assert!(matches!(error, Missing::Glyphs { .. }), "{error}");
        assert!(error.remedy(Lang::Zh).contains("fonts-noto-cjk"));
        // A character of the private use area is in no font.
        let odd = SVG.replace("产值百亿", "\u{10fffd}");
        assert!(matches!(png(&odd), Err(Missing::Glyphs { .. })));
    }
}
