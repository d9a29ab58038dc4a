//! Qwen3 (technical report, 2025): causal, normalised before each half of a layer, queries and
//! keys normalised per head, rotary positions, keys and values shared by groups of heads.

use candle_core::{Device, Tensor};
use serde::Deserialize;

use super::TransformerError;
use super::attention::attention;
use super::batch::Batch;
use super::elementwise::{RmsNorm, Rotary};
use super::ops::{HeadNorms, Rows};
use super::settings::{Activation, CONFIG_FILE, unsupported};
use super::weights::{Table, Weights};

/// The fields of `config.json` that shape the network.
#[derive(Debug, Deserialize)]
pub(super) struct Qwen3Config {
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: usize,
    #[serde(default)]
    head_dim: Option<usize>,
    pub(super) vocab_size: usize,
    pub(super) max_position_embeddings: usize,
    #[serde(default = "usual_epsilon")]
    rms_norm_eps: f32,
    #[serde(default)]
    rope_theta: Option<f64>,
    #[serde(default)]
    rope_scaling: Option<serde_json::Value>,
    /// Where newer files put `rope_theta` and the kind of scaling.
    #[serde(default)]
    rope_parameters: Option<RopeParameters>,
    #[serde(default)]
    use_sliding_window: bool,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default = "usual_activation")]
    hidden_act: String,
}

#[derive(Debug, Deserialize)]
struct RopeParameters {
    #[serde(default)]
    rope_theta: Option<f64>,
    #[serde(default)]
    rope_type: Option<String>,
}

const fn usual_epsilon() -> f32 {
    1e-6
}

fn usual_activation() -> String {
    "silu".to_owned()
}

/// The network with its weights.
#[derive(Debug)]
pub(super) struct Qwen3 {
    words: Table,
    layers: Vec<Layer>,
    norm: RmsNorm,
    rotary: Rotary,
    heads: usize,
    kv_heads: usize,
    head_dim: usize,
}

#[derive(Debug)]
struct Layer {
    input_norm: RmsNorm,
    /// Query, key and value projections side by side, `[hidden, (heads + 2 · kv_heads) · dim]`.
    projections: Tensor,
    query_norm: RmsNorm,
    key_norm: RmsNorm,
    output: Tensor,
    inner_norm: RmsNorm,
    /// Gate and value side by side, `[hidden, 2 · inner]`.
    gate_up: Tensor,
    down: Tensor,
}

impl Qwen3Config {
    fn head_dim(&self) -> usize {
        self.head_dim.unwrap_or(self.hidden_size / self.num_attention_heads.max(1))
    }

    /// The base of the rotary frequencies; 10,000 where none is stated, as in RoFormer.
    fn theta(&self) -> f64 {
        let newer = self.rope_parameters.as_ref().and_then(|rope| rope.rope_theta);
        newer.or(self.rope_theta).unwrap_or(10_000.0)
    }

    fn check(&self) -> Result<(), TransformerError> {
        let (heads, kv_heads) = (self.num_attention_heads, self.num_key_value_heads);
        if heads == 0 || kv_heads == 0 || !heads.is_multiple_of(kv_heads) {
            let what = format!(
                "num_attention_heads {heads} is no multiple of num_key_value_heads {kv_heads}"
            );
            return Err(TransformerError::Config { what });
        }
        if self.head_dim() == 0 || !self.head_dim().is_multiple_of(2) {
            let what = format!("head_dim {} is not even", self.head_dim());
            return Err(TransformerError::Config { what });
        }
        let scaled = self.rope_scaling.as_ref().is_some_and(|scaling| !scaling.is_null());
        let kind = self.rope_parameters.as_ref().and_then(|rope| rope.rope_type.as_deref());
        let asked = [
            (scaled || kind.is_some_and(|kind| kind != "default"), "scaled rotary positions"),
            (self.use_sliding_window, "a sliding window"),
            (self.attention_bias, "biases in the attention"),
            (Activation::parse(&self.hidden_act)? != Activation::Silu, "an activation but silu"),
        ];
        match asked.iter().find(|(asked, _)| *asked) {
            Some((_, what)) => Err(unsupported(CONFIG_FILE, (*what).to_owned())),
            None => Ok(()),
        }
    }
}

impl Qwen3 {
    pub(super) fn load(
        config: &Qwen3Config,
        mut weights: Weights,
    ) -> Result<Self, TransformerError> {
        config.check()?;
        let (hidden, inner, dim) =
            (config.hidden_size, config.intermediate_size, config.head_dim());
        let (heads, kv_heads) = (config.num_attention_heads, config.num_key_value_heads);
        weights.choose_prefix(&["model.", ""], "embed_tokens.weight");
        let norm = |name: &str, dim| -> Result<RmsNorm, TransformerError> {
            let scale = weights.floats(&format!("{name}.weight"), &[dim])?;
            Ok(RmsNorm { scale, epsilon: config.rms_norm_eps })
        };
        let layers = (0..config.num_hidden_layers)
            .map(|layer| {
                let at = |part: &str| format!("layers.{layer}.{part}");
                let projections = [
                    (&*at("self_attn.q_proj"), heads * dim),
                    (&*at("self_attn.k_proj"), kv_heads * dim),
                    (&*at("self_attn.v_proj"), kv_heads * dim),
                ];
                let gate_up = [(&*at("mlp.gate_proj"), inner), (&*at("mlp.up_proj"), inner)];
                Ok(Layer {
                    input_norm: norm(&at("input_layernorm"), hidden)?,
                    projections: weights.linear(&projections, hidden)?,
                    query_norm: norm(&at("self_attn.q_norm"), dim)?,
                    key_norm: norm(&at("self_attn.k_norm"), dim)?,
                    output: weights.linear(&[(&at("self_attn.o_proj"), hidden)], heads * dim)?,
                    inner_norm: norm(&at("post_attention_layernorm"), hidden)?,
                    gate_up: weights.linear(&gate_up, hidden)?,
                    down: weights.linear(&[(&at("mlp.down_proj"), hidden)], inner)?,
                })
            })
            .collect::<Result<_, TransformerError>>()?;
        Ok(Self {
            words: weights.table("embed_tokens.weight", config.vocab_size, hidden)?,
            layers,
            norm: norm("norm", hidden)?,
            rotary: Rotary::new(dim, config.theta()),
            heads,
            kv_heads,
            head_dim: dim,
        })
    }

    pub(super) const fn dim(&self) -> usize {
        self.words.dim()
    }

    /// The states that the batch wants, `[rows · dim]`.
    pub(super) fn states(&self, batch: &Batch) -> candle_core::Result<Vec<f32>> {
        let hidden = self.dim();
        let mut rows = vec![0.0; batch.ids.len() * hidden];
        for (row, id) in rows.chunks_exact_mut(hidden).zip(&batch.ids) {
            self.words.read(*id as usize, row);
        }
        let mut states = Tensor::from_vec(rows, (batch.ids.len(), hidden), &Device::Cpu)?;
        let last = batch.last_rows()?;
        for (at, layer) in self.layers.iter().enumerate() {
            let wanted = last.as_ref().filter(|_| at + 1 == self.layers.len());
            let input = states.rms_norm(&layer.input_norm)?;
            let context = match wanted {
                None => self.attend_all(layer, &input, batch)?,
                Some(last) => {
                    states = states.index_select(&last.rows, 0)?;
                    let (width, n) = (self.heads * self.head_dim, self.kv_heads);
                    let query = layer.projections.narrow(1, 0, width)?;
                    let rest = layer.projections.narrow(1, width, 2 * n * self.head_dim)?;
                    let query = input.index_select(&last.rows, 0)?.matmul(&query)?;
                    let query = query.reshape(((), self.heads, self.head_dim))?;
                    let query = query.rotate_heads(&HeadNorms {
                        spans: &[(0, self.heads, &layer.query_norm)],
                        rotary: &self.rotary,
                        positions: &last.positions,
                    })?;
                    let rest = input.matmul(&rest)?.reshape(((), 2 * n, self.head_dim))?;
                    let rest = rest.rotate_heads(&HeadNorms {
                        spans: &[(0, n, &layer.key_norm)],
                        rotary: &self.rotary,
                        positions: &batch.positions,
                    })?;
                    let (key, value) = (rest.narrow(1, 0, n)?, rest.narrow(1, n, n)?);
                    attention(&query, &key, &value, &last.sequences, true)?
                }
            };
            states = context.matmul(&layer.output)?.add_rows(&states)?;
            let inner = states.rms_norm(&layer.inner_norm)?.matmul(&layer.gate_up)?.swiglu()?;
            states = inner.matmul(&layer.down)?.add_rows(&states)?;
        }
        if let (Some(last), true) = (&last, self.layers.is_empty()) {
            states = states.index_select(&last.rows, 0)?;
        }
        states.rms_norm(&self.norm)?.flatten_all()?.to_vec1()
    }

    /// Attention of every row of `input` over its sequence.
    fn attend_all(
        &self,
        layer: &Layer,
        input: &Tensor,
        batch: &Batch,
    ) -> candle_core::Result<Tensor> {
        let (heads, n) = (self.heads, self.kv_heads);
        let all = input.matmul(&layer.projections)?;
        let all = all.reshape(((), heads + 2 * n, self.head_dim))?.rotate_heads(&HeadNorms {
            spans: &[(0, heads, &layer.query_norm), (heads, n, &layer.key_norm)],
            rotary: &self.rotary,
            positions: &batch.positions,
        })?;
        let query = all.narrow(1, 0, heads)?;
        let (key, value) = (all.narrow(1, heads, n)?, all.narrow(1, heads + n, n)?);
        attention(&query, &key, &value, &batch.all, true)
    }
}
