//! Integer dot products of a panel of queries with a few documents: one body per instruction set.
//!
//! All give the same integers.

use super::panel::LANES;
use crate::kernel::dot;

/// Pairs that are scored exactly at a time.
pub(super) const TOGETHER: usize = 4;

/// Sums of one document with a vector of queries.
pub(super) type Sums = [i32; LANES];

/// The kernels of one instruction set.
///
/// A panel is `[steps, n_vectors, 16, DEPTH]` numbers, a document `[steps, DEPTH]`.
pub(super) trait Tile: Sized {
    /// A number of a query as the kernel takes it.
    type Query: Copy + Send + Sync;
    /// A number of a document as the kernel takes it.
    type Document: Copy + Send;
    /// Vectors of queries in a panel at most.
    const VECTORS: usize;
    /// Documents of one call.
    const DOCUMENTS: usize;
    /// Numbers of one step.
    const DEPTH: usize;

    /// Turns a number of a query.
    fn query(number: i8) -> Self::Query;

    /// Turns the numbers of documents; `own` is room for them.
    fn documents<'a>(numbers: &'a [i8], own: &'a mut Vec<Self::Document>) -> &'a [Self::Document];

    /// Scores `n` documents, at most `DOCUMENTS`, against `n_vectors` vectors of queries.
    ///
    /// `documents` is `[n, stride]`, `sums` the sums of the integers of each, and `out`
    /// `[n, n_vectors]`. The processor must have the instructions.
    fn scores(
        panel: &[Self::Query],
        n_vectors: usize,
        documents: &[Self::Document],
        stride: usize,
        sums: &[i32],
        out: &mut [Sums],
    );

    /// Which lanes have `sum · scale` above their limit, the first lane lowest. The processor must
    /// have the instructions.
    #[inline(always)]
    fn above(sums: &Sums, scale: f32, limits: &[f32; LANES]) -> u32 {
        let mut lanes = 0;
        for lane in 0..LANES {
            lanes |= u32::from(sums[lane] as f32 * scale > limits[lane]) << lane;
        }
        lanes
    }

    /// The exact scores of a few pairs of rows, each with the bits of [`dot`]. The processor must
    /// have the instructions.
    #[inline(always)]
    fn dots(pairs: [[&[f32]; 2]; TOGETHER]) -> [f32; TOGETHER] {
        pairs.map(|[query, document]| dot(query, document))
    }
}

/// Plain Rust for any processor; vector registers are used as far as the compiler finds out.
pub(super) struct Portable;

impl Tile for Portable {
    type Query = i16;
    type Document = i16;
    const VECTORS: usize = 1;
    const DOCUMENTS: usize = 2;
    const DEPTH: usize = 2;

    fn query(number: i8) -> i16 {
        i16::from(number)
    }

    #[inline(always)]
    fn documents<'a>(numbers: &'a [i8], own: &'a mut Vec<i16>) -> &'a [i16] {
        widen(numbers, own)
    }

    #[inline(always)]
    fn scores(
        panel: &[i16],
        _n_vectors: usize,
        documents: &[i16],
        stride: usize,
        _sums: &[i32],
        out: &mut [Sums],
    ) {
        for (out, document) in out.iter_mut().zip(documents.chunks_exact(stride)) {
            let mut sums = [0; LANES];
            for (queries, numbers) in
                panel.chunks_exact(LANES * Self::DEPTH).zip(document.chunks_exact(Self::DEPTH))
            {
                let (first, second) = (i32::from(numbers[0]), i32::from(numbers[1]));
                for (sum, query) in sums.iter_mut().zip(queries.chunks_exact(Self::DEPTH)) {
                    *sum += i32::from(query[0]) * first + i32::from(query[1]) * second;
                }
            }
            *out = sums;
        }
    }
}

/// Asks for memory that is read soon: what is computed meanwhile hides its way. Does nothing where the
/// processor is not known.
#[inline(always)]
pub(super) fn prefetch<N>(numbers: &[N]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};

        const LINE: usize = 64;
        let start = numbers.as_ptr().cast::<i8>();
        for at in (0..size_of_val(numbers)).step_by(LINE) {
            #[expect(unsafe_code, reason = "a hint that reads nothing")]
            // SAFETY: every x86-64 processor has the instruction, and it never faults.
            unsafe {
                _mm_prefetch::<_MM_HINT_T1>(start.wrapping_add(at));
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = numbers;
}

#[inline(always)]
fn widen<'a>(numbers: &'a [i8], own: &'a mut Vec<i16>) -> &'a [i16] {
    own.clear();
    own.extend(numbers.iter().map(|&number| i16::from(number)));
    own
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Vnni};

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "vector instructions; the invariants stand beside them")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{LANES, Sums, TOGETHER, Tile, widen};

    /// 256-bit registers: pairs of 16-bit products, added to 32 bits (`vpmaddwd`).
    pub(in super::super) struct Avx2;

    impl Tile for Avx2 {
        type Query = i16;
        type Document = i16;
        const VECTORS: usize = 1;
        const DOCUMENTS: usize = 6;
        const DEPTH: usize = 2;

        fn query(number: i8) -> i16 {
            i16::from(number)
        }

        #[inline(always)]
        fn documents<'a>(numbers: &'a [i8], own: &'a mut Vec<i16>) -> &'a [i16] {
            widen(numbers, own)
        }

        #[inline(always)]
        fn above(sums: &Sums, scale: f32, limits: &[f32; LANES]) -> u32 {
            // SAFETY: whoever calls has AVX2.
            unsafe { above_avx2(sums, scale, limits) }
        }

        #[inline(always)]
        fn scores(
            panel: &[i16],
            _n_vectors: usize,
            documents: &[i16],
            stride: usize,
            _sums: &[i32],
            out: &mut [Sums],
        ) {
            if documents.len() == Self::DOCUMENTS * stride {
                // SAFETY: whoever calls has AVX2.
                unsafe { avx2::<{ Self::DOCUMENTS }>(panel, documents, stride, out) }
            } else {
                for (document, out) in documents.chunks_exact(stride).zip(out.chunks_mut(1)) {
                    // SAFETY: as above.
                    unsafe { avx2::<1>(panel, document, stride, out) }
                }
            }
        }
    }

    #[target_feature(enable = "avx2")]
    fn above_avx2(sums: &Sums, scale: f32, limits: &[f32; LANES]) -> u32 {
        let scale = _mm256_set1_ps(scale);
        let half = |at: usize| {
            // SAFETY: both hold sixteen numbers, and `at` is 0 or 8.
            let (sums, limits) = unsafe {
                let sums = _mm256_loadu_si256(sums.as_ptr().add(at).cast());
                (sums, _mm256_loadu_ps(limits.as_ptr().add(at)))
            };
            let scores = _mm256_mul_ps(_mm256_cvtepi32_ps(sums), scale);
            _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(scores, limits)).cast_unsigned()
        };
        half(0) | half(8) << 8
    }

    #[target_feature(enable = "avx512f")]
    fn above_avx512(sums: &Sums, scale: f32, limits: &[f32; LANES]) -> u32 {
        // SAFETY: both hold sixteen numbers.
        let (sums, limits) =
            unsafe { (_mm512_loadu_si512(sums.as_ptr().cast()), _mm512_loadu_ps(limits.as_ptr())) };
        let scores = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), _mm512_set1_ps(scale));
        u32::from(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(scores, limits))
    }

    /// Twelve sums, two vectors of queries, one number of a document: sixteen registers.
    #[target_feature(enable = "avx2")]
    fn avx2<const D: usize>(panel: &[i16], documents: &[i16], stride: usize, out: &mut [Sums]) {
        let steps = stride / Avx2::DEPTH;
        assert!(panel.len() >= steps * 2 * LANES && documents.len() >= D * stride);
        assert!(out.len() >= D);
        let mut sums = [[_mm256_setzero_si256(); 2]; D];
        for step in 0..steps {
            // SAFETY: the panel holds 32 numbers, 64 bytes, for each step.
            let [low, high] = unsafe {
                let at = panel.as_ptr().add(step * 2 * LANES).cast::<__m256i>();
                [_mm256_loadu_si256(at), _mm256_loadu_si256(at.add(1))]
            };
            for (d, sums) in sums.iter_mut().enumerate() {
                // SAFETY: document d has `stride` numbers, two for each step.
                let pair = unsafe {
                    let at = documents.as_ptr().add(d * stride + step * Avx2::DEPTH);
                    at.cast::<i32>().read_unaligned()
                };
                let pair = _mm256_set1_epi32(pair);
                sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(low, pair));
                sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(high, pair));
            }
        }
        for (out, sums) in out.iter_mut().zip(sums) {
            // SAFETY: a row of sums has room for two vectors of eight.
            unsafe {
                let at = out.as_mut_ptr().cast::<__m256i>();
                _mm256_storeu_si256(at, sums[0]);
                _mm256_storeu_si256(at.add(1), sums[1]);
            }
        }
    }

    /// 512-bit registers: four 8-bit products, added to 32 bits (`vpdpbusd`).
    ///
    /// One factor is unsigned: queries are moved up by 128, and 128 times the sum of a document is
    /// taken off again.
    pub(in super::super) struct Vnni;

    /// How far queries are moved up.
    const OFFSET: i32 = 128;

    impl Tile for Vnni {
        type Query = u8;
        type Document = i8;
        const VECTORS: usize = 4;
        const DOCUMENTS: usize = 6;
        const DEPTH: usize = 4;

        fn query(number: i8) -> u8 {
            number.cast_unsigned() ^ 0x80
        }

        #[inline(always)]
        fn documents<'a>(numbers: &'a [i8], _own: &'a mut Vec<i8>) -> &'a [i8] {
            numbers
        }

        #[inline(always)]
        fn scores(
            panel: &[u8],
            n_vectors: usize,
            documents: &[i8],
            stride: usize,
            sums: &[i32],
            out: &mut [Sums],
        ) {
            if sums.len() == Self::DOCUMENTS {
                // SAFETY: whoever calls has AVX-512 with VNNI.
                unsafe {
                    vectors::<{ Self::DOCUMENTS }>(panel, n_vectors, documents, stride, sums, out);
                }
            } else {
                let documents = documents.chunks_exact(stride);
                for ((document, sum), out) in
                    documents.zip(sums.chunks_exact(1)).zip(out.chunks_mut(n_vectors))
                {
                    // SAFETY: as above.
                    unsafe { vectors::<1>(panel, n_vectors, document, stride, sum, out) }
                }
            }
        }

        #[inline(always)]
        fn above(sums: &Sums, scale: f32, limits: &[f32; LANES]) -> u32 {
            // SAFETY: whoever calls has AVX-512.
            unsafe { above_avx512(sums, scale, limits) }
        }

        #[inline(always)]
        fn dots(pairs: [[&[f32]; 2]; TOGETHER]) -> [f32; TOGETHER] {
            // SAFETY: whoever calls has AVX-512.
            unsafe { dots(pairs) }
        }
    }

    #[target_feature(enable = "avx512f,avx512vnni")]
    fn vectors<const D: usize>(
        panel: &[u8],
        n_vectors: usize,
        documents: &[i8],
        stride: usize,
        sums: &[i32],
        out: &mut [Sums],
    ) {
        match n_vectors {
            1 => vnni::<1, D>(panel, documents, stride, sums, out),
            2 => vnni::<2, D>(panel, documents, stride, sums, out),
            3 => vnni::<3, D>(panel, documents, stride, sums, out),
            _ => vnni::<4, D>(panel, documents, stride, sums, out),
        }
    }

    /// Twenty-four sums, four vectors of queries, one number of a document: twenty-nine registers.
    #[target_feature(enable = "avx512f,avx512vnni")]
    fn vnni<const V: usize, const D: usize>(
        panel: &[u8],
        documents: &[i8],
        stride: usize,
        sums: &[i32],
        out: &mut [Sums],
    ) {
        const STEP: usize = Vnni::DEPTH;
        let steps = stride / STEP;
        assert!(panel.len() >= steps * V * LANES * STEP && documents.len() >= D * stride);
        assert!(out.len() >= D * V && sums.len() >= D);
        let mut tile = [[_mm512_setzero_si512(); V]; D];
        for (tile, sum) in tile.iter_mut().zip(sums) {
            *tile = [_mm512_set1_epi32(-OFFSET * sum); V];
        }
        for step in 0..steps {
            let mut queries = [_mm512_setzero_si512(); V];
            for (v, queries) in queries.iter_mut().enumerate() {
                // SAFETY: the panel holds V vectors of 64 bytes for each step.
                *queries = unsafe {
                    let at = panel.as_ptr().add((step * V + v) * LANES * STEP);
                    _mm512_loadu_si512(at.cast())
                };
            }
            for (d, tile) in tile.iter_mut().enumerate() {
                // SAFETY: document d has `stride` numbers, four for each step.
                let four = unsafe {
                    let at = documents.as_ptr().add(d * stride + step * STEP);
                    at.cast::<i32>().read_unaligned()
                };
                let four = _mm512_set1_epi32(four);
                for (sum, &queries) in tile.iter_mut().zip(&queries) {
                    *sum = _mm512_dpbusd_epi32(*sum, queries, four);
                }
            }
        }
        for (out, &sum) in out.iter_mut().zip(tile.as_flattened()) {
            // SAFETY: a row of sums has room for sixteen.
            unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), sum) }
        }
    }

    /// The order of `dot`, which the compiler does not keep in whole registers by itself: sixteen
    /// lanes, products and sums rounded separately, then halves added to halves.
    #[target_feature(enable = "avx512f,avx512dq")]
    fn dots(pairs: [[&[f32]; 2]; TOGETHER]) -> [f32; TOGETHER] {
        let dim = pairs[0][0].len();
        assert!(pairs.iter().flatten().all(|row| row.len() == dim));
        let mut sums = [_mm512_setzero_ps(); TOGETHER];
        for at in (0..dim).step_by(LANES) {
            let mask = if at + LANES <= dim { u16::MAX } else { (1 << (dim - at)) - 1 };
            for (sum, [query, document]) in sums.iter_mut().zip(pairs) {
                // SAFETY: the mask leaves out what lies beyond the rows, which are equally long.
                let (query, document) = unsafe {
                    (
                        _mm512_maskz_loadu_ps(mask, query.as_ptr().add(at)),
                        _mm512_maskz_loadu_ps(mask, document.as_ptr().add(at)),
                    )
                };
                *sum = _mm512_add_ps(*sum, _mm512_mul_ps(query, document));
            }
        }
        sums.map(|sum| {
            let eight =
                _mm256_add_ps(_mm512_castps512_ps256(sum), _mm512_extractf32x8_ps::<1>(sum));
            let four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
        })
    }
}
