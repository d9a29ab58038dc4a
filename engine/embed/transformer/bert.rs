//! BERT (Devlin et al., 2019): bidirectional, normalised after each half of a layer.

use candle_core::{Device, Tensor};
use serde::Deserialize;

use super::TransformerError;
use super::attention::attention;
use super::batch::Batch;
use super::elementwise::LayerNorm;
use super::ops::Rows;
use super::settings::{Activation, CONFIG_FILE, unsupported};
use super::weights::{Table, Weights};

/// The fields of `config.json` that shape the network.
#[derive(Debug, Deserialize)]
pub(super) struct BertConfig {
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    pub(super) vocab_size: usize,
    pub(super) max_position_embeddings: usize,
    #[serde(default = "two")]
    type_vocab_size: usize,
    #[serde(default = "usual_epsilon")]
    layer_norm_eps: f32,
    #[serde(default = "usual_activation")]
    hidden_act: String,
    #[serde(default)]
    position_embedding_type: Option<String>,
}

const fn two() -> usize {
    2
}

const fn usual_epsilon() -> f32 {
    1e-12
}

fn usual_activation() -> String {
    "gelu".to_owned()
}

/// The network with its weights.
#[derive(Debug)]
pub(super) struct Bert {
    words: Table,
    positions: Table,
    /// The vector of the first segment, which all texts here belong to.
    segment: Vec<f32>,
    norm: LayerNorm,
    layers: Vec<Layer>,
    heads: usize,
    dim: usize,
    activation: Activation,
}

#[derive(Debug)]
struct Layer {
    /// Query, key and value projections side by side, `[hidden, 3 · hidden]`.
    projections: Tensor,
    projection_bias: Vec<f32>,
    output: Tensor,
    output_bias: Vec<f32>,
    output_norm: LayerNorm,
    up: Tensor,
    up_bias: Vec<f32>,
    down: Tensor,
    down_bias: Vec<f32>,
    down_norm: LayerNorm,
}

impl Bert {
    pub(super) fn load(
        config: &BertConfig,
        mut weights: Weights,
    ) -> Result<Self, TransformerError> {
        let hidden = config.hidden_size;
        if hidden == 0
            || config.num_attention_heads == 0
            || !hidden.is_multiple_of(config.num_attention_heads)
        {
            let what = format!(
                "hidden_size {hidden} is no multiple of num_attention_heads {}",
                config.num_attention_heads
            );
            return Err(TransformerError::Config { what });
        }
        if let Some(other) =
            config.position_embedding_type.as_deref().filter(|kind| *kind != "absolute")
        {
            return Err(unsupported(CONFIG_FILE, format!("positions of the kind {other}")));
        }
        let activation = Activation::parse(&config.hidden_act)?;
        weights.choose_prefix(&["", "bert.", "model."], "embeddings.word_embeddings.weight");
        let norm = |name: &str| -> Result<LayerNorm, TransformerError> {
            Ok(LayerNorm {
                scale: weights.floats(&format!("{name}.weight"), &[hidden])?,
                shift: weights.floats(&format!("{name}.bias"), &[hidden])?,
                epsilon: config.layer_norm_eps,
            })
        };
        let inner = config.intermediate_size;
        let layers = (0..config.num_hidden_layers)
            .map(|layer| {
                let at = |part: &str| format!("encoder.layer.{layer}.{part}");
                let names = ["query", "key", "value"].map(|n| at(&format!("attention.self.{n}")));
                let mut projection_bias = Vec::with_capacity(3 * hidden);
                for name in &names {
                    projection_bias.extend(weights.floats(&format!("{name}.bias"), &[hidden])?);
                }
                let [query, key, value] = &names;
                let linear = |name: &str, input, output| {
                    let bias = weights.floats(&format!("{name}.bias"), &[output])?;
                    Ok::<_, TransformerError>((weights.linear(&[(name, output)], input)?, bias))
                };
                let (output, output_bias) = linear(&at("attention.output.dense"), hidden, hidden)?;
                let (up, up_bias) = linear(&at("intermediate.dense"), hidden, inner)?;
                let (down, down_bias) = linear(&at("output.dense"), inner, hidden)?;
                Ok(Layer {
                    projections: weights
                        .linear(&[(query, hidden), (key, hidden), (value, hidden)], hidden)?,
                    projection_bias,
                    output,
                    output_bias,
                    output_norm: norm(&at("attention.output.LayerNorm"))?,
                    up,
                    up_bias,
                    down,
                    down_bias,
                    down_norm: norm(&at("output.LayerNorm"))?,
                })
            })
            .collect::<Result<_, TransformerError>>()?;
        let segments = weights
            .floats("embeddings.token_type_embeddings.weight", &[config.type_vocab_size, hidden])?;
        let table = |name: &str, rows| weights.table(name, rows, hidden);
        Ok(Self {
            words: table("embeddings.word_embeddings.weight", config.vocab_size)?,
            positions: table(
                "embeddings.position_embeddings.weight",
                config.max_position_embeddings,
            )?,
            segment: segments.into_iter().take(hidden).collect(),
            norm: norm("embeddings.LayerNorm")?,
            layers,
            heads: config.num_attention_heads,
            dim: hidden,
            activation,
        })
    }

    pub(super) const fn dim(&self) -> usize {
        self.dim
    }

    /// The states that the batch wants, `[rows · dim]`.
    pub(super) fn states(&self, batch: &Batch) -> candle_core::Result<Vec<f32>> {
        let mut states = self.embed(batch)?;
        let last = batch.last_rows()?;
        let (heads, size) = (self.heads, self.dim / self.heads);
        for (at, layer) in self.layers.iter().enumerate() {
            let n = states.dim(0)?;
            let wanted = last.as_ref().filter(|_| at + 1 == self.layers.len());
            let context = match wanted {
                None => {
                    let all =
                        states.matmul(&layer.projections)?.add_bias(&layer.projection_bias)?;
                    let all = all.reshape((n, 3 * heads, size))?;
                    let part = |i: usize| all.narrow(1, i * heads, heads);
                    attention(&part(0)?, &part(1)?, &part(2)?, &batch.all, false)?
                }
                Some(last) => {
                    let (query_bias, rest_bias) = layer.projection_bias.split_at(self.dim);
                    let query = layer.projections.narrow(1, 0, self.dim)?;
                    let rest = layer.projections.narrow(1, self.dim, 2 * self.dim)?;
                    let rest = states.matmul(&rest)?.add_bias(rest_bias)?;
                    let rest = rest.reshape((n, 2 * heads, size))?;
                    states = states.index_select(&last.rows, 0)?;
                    let query = states.matmul(&query)?.add_bias(query_bias)?;
                    let query = query.reshape(((), heads, size))?;
                    let (key, value) = (rest.narrow(1, 0, heads)?, rest.narrow(1, heads, heads)?);
                    attention(&query, &key, &value, &last.sequences, false)?
                }
            };
            states = context.matmul(&layer.output)?.add_norm(
                &layer.output_bias,
                &states,
                &layer.output_norm,
            )?;
            let inner =
                states.matmul(&layer.up)?.bias_activation(&layer.up_bias, self.activation)?;
            states =
                inner.matmul(&layer.down)?.add_norm(&layer.down_bias, &states, &layer.down_norm)?;
        }
        if let (Some(last), true) = (&last, self.layers.is_empty()) {
            states = states.index_select(&last.rows, 0)?;
        }
        states.flatten_all()?.to_vec1()
    }

    /// Word, position and segment vectors, added and normalised: `[tokens, dim]`.
    fn embed(&self, batch: &Batch) -> candle_core::Result<Tensor> {
        let mut rows = vec![0.0; batch.ids.len() * self.dim];
        let mut position_row = vec![0.0; self.dim];
        let tokens = batch.ids.iter().zip(&batch.positions);
        for (row, (id, position)) in rows.chunks_exact_mut(self.dim).zip(tokens) {
            self.words.read(*id as usize, row);
            self.positions.read(*position, &mut position_row);
            for ((value, segment), position) in row.iter_mut().zip(&self.segment).zip(&position_row)
            {
                *value = (*value + segment) + position;
            }
        }
        self.norm.apply(&mut rows);
        Tensor::from_vec(rows, (batch.ids.len(), self.dim), &Device::Cpu)
    }
}
