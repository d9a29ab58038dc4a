//! Texts per second of one BERT through several Rust runtimes, alternating in one process.
//!
//!     cargo run --release --manifest-path benches/peers/transformer/Cargo.toml -- \
//!         MODEL_DIR [NAME=MODEL.onnx]… [--texts FILE] [--rounds N]
//!
//! FILE has one text per line; without it texts of 150 characters are made up. Every runtime gets
//! token ids from the tokenizer of MODEL_DIR, sorted by length, tokenising included in the time,
//! and runs in the way that is faster for it: batches of one length class on all threads, or
//! single texts with one thread each. A line per runtime: median and spread of texts per second,
//! its ratio to ours, and the least cosine of its vectors with ours.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use duijie::embed::{Embedder, TextRole, TransformerModel};
use rten::{Model, ModelOptions, RunOptions, ThreadPool};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;
use tokenizers::Tokenizer;

type Failure = Box<dyn Error + Send + Sync>;
type Vectors = Vec<Vec<f32>>;

/// Texts of similar length that go through a padded network together.
const BATCH: usize = 8;

const SENTENCES: [&str; 8] = [
    "本项目研制了一种用于碳化硅衬底切片的激光剥离装置，",
    "现有产品的机械式开关容易损坏，导致接触不良；",
    "采用Ti-6Al-4V钛合金粉末，经选区激光熔化成形，致密度≥99.5%，",
    "寻求可在－40℃~85℃稳定工作的50Gbps光模块封装技术，",
    "利用卷积神经网络识别零件表面划痕、凹坑等缺陷，检出率高，",
    "企业希望降低印染废水的化学需氧量并回用80%以上的水，",
    "该成果已通过中试，拟以技术许可或合作开发方式转化，",
    "提高锂离子动力电池正极材料在高倍率下的循环寿命，",
];

struct Options {
    folder: PathBuf,
    graphs: Vec<(String, PathBuf)>,
    texts: Vec<String>,
    rounds: usize,
}

fn options() -> Result<Options, Failure> {
    let mut given = std::env::args().skip(1);
    let folder = given.next().ok_or("the model folder is missing")?.into();
    let made = |i: usize| -> String {
        let pick = |step: usize| SENTENCES[(i * step + i / 7) % SENTENCES.len()];
        let sentences: String = [1, 3, 5, 7, 2, 6, 4].map(pick).concat();
        format!("编号{i}{sentences}").chars().take(150).collect()
    };
    let mut found = Options {
        folder,
        graphs: Vec::new(),
        texts: (0..100).map(made).collect(),
        rounds: 7,
    };
    while let Some(argument) = given.next() {
        let mut value = || given.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--texts" => {
                let lines = std::fs::read_to_string(value()?)?;
                found.texts = lines.lines().map(str::to_owned).collect();
            }
            "--rounds" => found.rounds = value()?.parse()?,
            graph => {
                let (name, path) = graph.split_once('=').ok_or("NAME=MODEL.onnx")?;
                found.graphs.push((name.to_owned(), path.into()));
            }
        }
    }
    Ok(found)
}

/// Token ids of all texts, shortest first, each with the number of its text.
fn encoded(tokenizer: &Tokenizer, texts: &[&str]) -> Result<Vec<(usize, Vec<u32>)>, Failure> {
    let ids = |text: &&str| Ok(tokenizer.encode_fast(*text, true)?.get_ids().to_vec());
    let ids: Vec<Vec<u32>> = texts.iter().map(ids).collect::<Result<_, Failure>>()?;
    let mut ids: Vec<_> = ids.into_iter().enumerate().collect();
    ids.sort_by_key(|(_, ids)| ids.len());
    Ok(ids)
}

/// `[texts, longest]` ids and mask, padded with zeros.
fn padded(batch: &[(usize, Vec<u32>)]) -> ([usize; 2], Vec<u32>, Vec<u32>) {
    let width = batch.iter().map(|(_, ids)| ids.len()).max().unwrap_or(0);
    let (mut ids, mut mask) = (vec![0; width * batch.len()], vec![0; width * batch.len()]);
    for (row, (_, own)) in batch.iter().enumerate() {
        ids[row * width..][..own.len()].copy_from_slice(own);
        mask[row * width..][..own.len()].fill(1);
    }
    ([batch.len(), width], ids, mask)
}

fn unit(row: &[f32]) -> Vec<f32> {
    let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
    row.iter().map(|x| x / length).collect()
}

fn by_rten(
    model: &Model,
    batch: &[(usize, Vec<u32>)],
    pool: Option<Arc<ThreadPool>>,
) -> Result<Vectors, Failure> {
    let (shape, ids, mask) = padded(batch);
    let tensor = |numbers: Vec<u32>| {
        let numbers: Vec<i32> = numbers.into_iter().map(|x| x as i32).collect();
        NdTensor::<i32, 2>::from_data(shape, numbers)
    };
    let inputs = vec![
        (model.node_id("input_ids")?, tensor(ids).into()),
        (model.node_id("attention_mask")?, tensor(mask).into()),
        (model.node_id("token_type_ids")?, NdTensor::<i32, 2>::zeros(shape).into()),
    ];
    let options = RunOptions::default().with_thread_pool(pool);
    let [states] = model.run_n(inputs, [model.output_ids()[0]], Some(options))?;
    let states: NdTensor<f32, 3> = states.try_into()?;
    let row = |text| unit(&states.slice((text, 0)).iter().copied().collect::<Vec<f32>>());
    Ok((0..batch.len()).map(row).collect())
}

fn by_candle(model: &BertModel, batch: &[(usize, Vec<u32>)]) -> Result<Vectors, Failure> {
    let (shape, ids, mask) = padded(batch);
    let ids = Tensor::from_vec(ids, (shape[0], shape[1]), &Device::Cpu)?;
    let mask = Tensor::from_vec(mask, (shape[0], shape[1]), &Device::Cpu)?;
    let states = model.forward(&ids, &ids.zeros_like()?, Some(&mask))?;
    let first = states.narrow(1, 0, 1)?.squeeze(1)?.to_vec2::<f32>()?;
    Ok(first.iter().map(|row| unit(row)).collect())
}

/// Runs `embed` over chunks of the texts on one thread per core, and puts the rows in text order.
fn spread(
    ids: &[(usize, Vec<u32>)],
    size: usize,
    threads: usize,
    embed: impl Fn(&[(usize, Vec<u32>)]) -> Result<Vectors, Failure> + Sync,
) -> Result<Vectors, Failure> {
    let mut rows = vec![Vec::new(); ids.len()];
    let parts: Vec<Result<Vec<(usize, Vec<f32>)>, Failure>> = std::thread::scope(|scope| {
        let embed = &embed;
        let work = |thread: usize| {
            move || {
                let mut found = Vec::new();
                for batch in ids.chunks(size).skip(thread).step_by(threads) {
                    let numbers = batch.iter().map(|(text, _)| *text);
                    found.extend(numbers.zip(embed(batch)?));
                }
                Ok(found)
            }
        };
        let running: Vec<_> = (0..threads).map(|thread| scope.spawn(work(thread))).collect();
        running.into_iter().map(|thread| thread.join().expect("a runtime panicked")).collect()
    });
    for part in parts {
        for (text, row) in part? {
            rows[text] = row;
        }
    }
    Ok(rows)
}

fn median(values: &mut [f64]) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2], values[0], values[values.len() - 1])
}

fn least_cosine(ours: &Vectors, theirs: &Vectors) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    ours.iter().zip(theirs).map(|(a, b)| dot(a, b)).fold(1.0, f64::min)
}

type Runtime<'a> = (String, Box<dyn Fn() -> Result<Vectors, Failure> + 'a>);

fn main() -> Result<(), Failure> {
    let Options { folder, graphs, texts, rounds } = options()?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let threads = std::thread::available_parallelism()?.get();
    let tokenizer = Tokenizer::from_file(folder.join("tokenizer.json"))?;
    let usual_threshold = gemm::get_threading_threshold();
    let ours = TransformerModel::from_dir(Path::new(&folder))?;
    let config: Config = serde_json::from_slice(&std::fs::read(folder.join("config.json"))?)?;
    // Read rather than mapped: the weights are in memory for every runtime.
    let weights = std::fs::read(folder.join("model.safetensors"))?;
    let weights = VarBuilder::from_buffered_safetensors(weights, DType::F32, &Device::Cpu)?;
    let candle = BertModel::load(weights, &config)?;
    let graphs: Vec<(String, Model)> = graphs
        .into_iter()
        .map(|(name, path)| {
            let mut options = ModelOptions::with_all_ops();
            Ok((name, options.prepack_weights(true).load_file(path)?))
        })
        .collect::<Result<_, Failure>>()?;

    let one_each = |run: &dyn Fn() -> Result<Vectors, Failure>| {
        gemm::set_threading_threshold(usize::MAX);
        run()
    };
    let mut runtimes: Vec<Runtime<'_>> = vec![(
        "duijie f32".to_owned(),
        Box::new(|| {
            one_each(&|| {
                let rows = ours.embed(&texts, TextRole::Document)?;
                Ok((0..texts.len()).map(|row| rows.row(row).to_vec()).collect())
            })
        }),
    )];
    for (way, size, side_by_side) in [("batches", BATCH, false), ("texts side by side", 1, true)] {
        let (tokenizer, texts, candle) = (&tokenizer, &texts, &candle);
        runtimes.push((
            format!("candle f32, {way}"),
            Box::new(move || {
                let threshold = if side_by_side { usize::MAX } else { usual_threshold };
                gemm::set_threading_threshold(threshold);
                let ids = encoded(tokenizer, texts)?;
                let threads = if side_by_side { threads } else { 1 };
                spread(&ids, size, threads, |batch| by_candle(candle, batch))
            }),
        ));
        for (name, graph) in &graphs {
            runtimes.push((
                format!("rten {name}, {way}"),
                Box::new(move || {
                    let ids = encoded(tokenizer, texts)?;
                    if !side_by_side {
                        return spread(&ids, size, 1, |batch| by_rten(graph, batch, None));
                    }
                    let pool = || Some(Arc::new(ThreadPool::with_num_threads(1)));
                    let pools: Vec<_> = (0..threads).map(|_| pool()).collect();
                    let next = std::sync::atomic::AtomicUsize::new(0);
                    thread_local! {
                        static OWN: std::cell::OnceCell<Option<Arc<ThreadPool>>> =
                            const { std::cell::OnceCell::new() };
                    }
                    spread(&ids, size, threads, |batch| {
                        let own = OWN.with(|own| {
                            own.get_or_init(|| {
                                let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                                pools[at % pools.len()].clone()
                            })
                            .clone()
                        });
                        by_rten(graph, batch, own)
                    })
                }),
            ));
        }
    }

    let reference = (runtimes[0].1)()?;
    let mut speeds: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut cosines: BTreeMap<&str, f64> = BTreeMap::new();
    for _ in 0..rounds {
        for (name, run) in &runtimes {
            let began = Instant::now();
            let rows = run()?;
            let speed = texts.len() as f64 / began.elapsed().as_secs_f64();
            speeds.entry(name).or_default().push(speed);
            cosines.insert(name, least_cosine(&reference, &rows));
        }
    }
    let characters: usize = texts.iter().map(|text| text.chars().count()).sum();
    println!(
        "{} texts of {} characters on average, {threads} threads, {rounds} rounds",
        texts.len(),
        characters / texts.len()
    );
    let (own, ..) = median(speeds.get_mut("duijie f32").expect("it is the first"));
    for (name, speeds) in &mut speeds {
        let (middle, least, most) = median(speeds);
        println!(
            "{name:28} {middle:7.1} texts/s ({least:.1}–{most:.1}), ours is {:.2} of it, cosine {:.5}",
            own / middle,
            cosines[name]
        );
    }
    Ok(())
}
