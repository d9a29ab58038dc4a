//! Runs whose vectors come from files or from a service: what is matched with what, what the
//! manifest and the report say, and that one model's vectors never meet another's.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use duijie::embed::{
    CachedEmbedder, Embedder, EmbedderIdentity, EndpointEmbedder, EndpointLimits, StaticModel,
    TextRole, VectorCache,
};
use duijie::model::Diagnosis;
use duijie::pipeline::{
    EmbedderChoice, EmbedderOptions, MatchOptions, OwnVectors, PipelineError, Silent, explain,
    run_match,
};

use crate::endpoint::server::{Server, data, vectors};
use crate::pipeline::made;

/// Writes rows of three numbers as an array file of version 1.0.
fn write_npy(path: &Path, rows: &[[f32; 3]]) {
    let header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, 3), }}\n", rows.len());
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).expect("a short header").to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(rows.iter().flatten().flat_map(|number| number.to_le_bytes()));
    fs::write(path, bytes).expect("the vectors are written");
}

/// A different direction for each n.
fn row(n: usize) -> [f32; 3] {
    let angle = n as f32 * 0.37;
    [angle.cos(), angle.sin(), 0.2 + (n % 5) as f32]
}

/// The made lists in `dir` with vectors for each of their rows.
fn with_vectors(dir: &Path) -> MatchOptions {
    let mut options = made::options(dir);
    let own = OwnVectors { demands: dir.join("d.npy"), supplies: dir.join("s.npy") };
    write_npy(&own.demands, &(0..32).map(row).collect::<Vec<_>>());
    write_npy(&own.supplies, &(0..40).map(|n| row(n + 7)).collect::<Vec<_>>());
    options.vectors = Some(own);
    options
}

fn ids_beside(path: &Path, ids: &[String]) {
    fs::write(format!("{}.ids.txt", path.display()), ids.join("\n")).expect("written");
}

fn results(out: &Path) -> [String; 3] {
    ["matches.jsonl", "ranking.trec", "ranking.reverse.trec"]
        .map(|name| fs::read_to_string(out.join(name)).expect(name))
}

fn fails(options: &MatchOptions) -> PipelineError {
    let error = run_match(options, &Silent).expect_err("the vectors do not fit");
    assert!(!options.out.exists(), "a failed run leaves nothing");
    for lang in [duijie::model::Lang::Zh, duijie::model::Lang::En] {
        assert!(!error.message(lang).is_empty() && !error.remedy(lang).is_empty());
    }
    error
}

#[test]
fn own_vectors_are_matched_by_row_or_by_id() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = with_vectors(dir.path());
    let manifest = made::run(&options).manifest;
    assert_eq!(manifest.embedder, "d.npy + s.npy");
    assert_eq!((manifest.embedder_kind.as_str(), manifest.embedder_dim), ("vectors", 3));
    let passages = manifest.passage_embedder.expect("quotes are chosen with a text model");
    let builtin = StaticModel::builtin().unwrap();
    assert_eq!((passages.kind.as_str(), passages.dim), ("builtin", 256));
    assert_eq!(passages.sha256, builtin.identity().sha256);
    let report = fs::read_to_string(options.out.join("report.html")).unwrap();
    assert!(report.contains("清单自带的向量") && report.contains("d.npy + s.npy"));
    let pairs = made::pairs(&options.out);
    assert!(pairs.iter().any(|pair| pair.parts.iter().any(|part| !part.evidence.is_empty())));
    let by_row = results(&options.out);

    // Rows in another order, one more that nobody asks for, and ids that say whose they are.
    let own = options.vectors.clone().unwrap();
    let reversed: Vec<[f32; 3]> = (0..33).rev().map(row).collect();
    write_npy(&own.demands, &reversed);
    let ids: Vec<String> = (0..33).rev().map(|n| format!("XQ-2026-{:04}", n + 1)).collect();
    ids_beside(&own.demands, &ids);
    options.out = dir.path().join("by-id");
    let other = made::run(&options).manifest;
    assert_ne!(other.embedder_sha256, manifest.embedder_sha256);
    assert_eq!(results(&options.out), by_row);

    options.vectors = None;
    options.out = dir.path().join("builtin");
    let plain = made::run(&options).manifest;
    assert_eq!((plain.embedder_kind.as_str(), plain.passage_embedder), ("builtin", None));
    assert_ne!(results(&options.out)[1], by_row[1]);
}

#[test]
fn passages_beside_a_folder_are_the_built_in_models() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/transformer/bert");
    let dir = tempfile::tempdir().unwrap();
    let mut options = made::options(dir.path());
    options.embedder = EmbedderChoice::Directory(folder).into();
    let manifest = made::run(&options).manifest;
    assert_eq!((manifest.embedder_kind.as_str(), manifest.embedder_dim), ("directory", 16 + 256));
    assert_eq!(manifest.embedder, "bert + duijie-static-zh-1");
    let passages = manifest.passage_embedder.expect("the folder's model is too slow for them");
    assert_eq!((passages.kind.as_str(), passages.dim), ("builtin", 256));
    let report = fs::read_to_string(options.out.join("report.html")).unwrap();
    assert!(report.contains("段落和引文用 duijie-static-zh-1"));

    // A pair that another run did not keep is judged again with the same two, to the same score.
    let every = made::pairs(&options.out);
    options.top = 1;
    options.per_demand = 1;
    options.out = dir.path().join("few");
    made::run(&options);
    let few = made::pairs(&options.out);
    let other = every
        .iter()
        .find(|pair| {
            !few.iter()
                .any(|kept| kept.demand_id == pair.demand_id && kept.supply_id == pair.supply_id)
        })
        .expect("one that was not kept");
    let ask = |with| explain(&options.out, &other.demand_id, &other.supply_id, with);
    let found = ask(&options.embedder).unwrap();
    assert!(!found.kept);
    assert_eq!(found.pair.score_for_demand, other.score_for_demand);
    assert_eq!(found.pair.score_for_supply, other.score_for_supply);
    let error = ask(&EmbedderOptions::default()).expect_err("another model");
    assert_eq!(error.code(), "pipeline.other-model");
}

#[test]
fn merged_rejected_and_skipped_rows_keep_the_rows_in_step() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = with_vectors(dir.path());
    made::run(&options);
    let wanted = results(&options.out);

    // The same row once more without its id, a row that is nothing but a class, and a total.
    let mut rows = made::demand_rows();
    let twin = rows[3].split_once(',').unwrap().1.to_owned();
    rows.insert(10, format!("XQ-2026-0004,{twin}"));
    rows.insert(5, ",,,新材料——半导体材料,,,,,,,,,,,,".to_owned());
    rows.push("合计,,,,,1000,,,,,,,,,,".to_owned());
    options.demands = vec![made::write_demands(dir.path(), &rows)];
    let mut own: Vec<[f32; 3]> = (0..32).map(row).collect();
    own.insert(10, [f32::NAN; 3]);
    own.insert(5, [0.0; 3]);
    let files = options.vectors.clone().unwrap();
    write_npy(&files.demands, &own);
    options.out = dir.path().join("with-others");
    let facts = made::run(&options).manifest.demands;
    assert_eq!((facts.records, facts.merged, facts.rejected), (32, 1, 1), "{facts:?}");
    let found = results(&options.out);
    assert_eq!(found[1..], wanted[1..]);

    // One vector for each record only is not enough to know whose they are.
    write_npy(&files.demands, &(0..32).map(row).collect::<Vec<_>>());
    options.out = dir.path().join("too-few");
    let error = fails(&options);
    assert_eq!(error.code(), "vectors.count");
    assert!(error.to_string().contains("records 32 + merged 1 + rejected 1"), "{error}");
}

#[test]
fn vectors_that_do_not_fit_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let options = with_vectors(dir.path());
    let own = options.vectors.clone().unwrap();
    let demands: Vec<[f32; 3]> = (0..32).map(row).collect();

    let ids: Vec<String> = (1..32).map(|n| format!("XQ-2026-{n:04}")).collect();
    write_npy(&own.demands, &demands[..31]);
    ids_beside(&own.demands, &ids);
    let error = fails(&options);
    assert_eq!(error.code(), "vectors.missing");
    assert!(error.to_string().contains("XQ-2026-0032"), "{error}");
    fs::remove_file(format!("{}.ids.txt", own.demands.display())).unwrap();

    let mut bad = demands.clone();
    bad[20][1] = f32::NAN;
    write_npy(&own.demands, &bad);
    let error = fails(&options);
    assert_eq!(error.code(), "vectors.not-finite");
    assert!(error.to_string().contains("row 21"), "{error}");
    bad[20] = [0.0; 3];
    write_npy(&own.demands, &bad);
    assert_eq!(fails(&options).code(), "vectors.zero");

    write_npy(&own.demands, &demands);
    let copy = dir.path().join("more.csv");
    fs::copy(&options.demands[0], &copy).unwrap();
    let several =
        MatchOptions { demands: vec![options.demands[0].clone(), copy], ..options.clone() };
    let error = fails(&several);
    assert_eq!(error.code(), "vectors.several-tables");

    let narrow = dir.path().join("narrow.safetensors");
    let numbers: Vec<u8> = (0..80_u8).flat_map(|n| f32::from(n + 1).to_le_bytes()).collect();
    let view = safetensors_file(&[40, 2], &numbers);
    fs::write(&narrow, view).unwrap();
    let other = MatchOptions { vectors: Some(OwnVectors { supplies: narrow, ..own }), ..options };
    assert_eq!(fails(&other).code(), "vectors.dimensions");
}

/// A safetensors file with the tensor `embeddings`.
fn safetensors_file(shape: &[usize; 2], numbers: &[u8]) -> Vec<u8> {
    let header = format!(
        "{{\"embeddings\":{{\"dtype\":\"F32\",\"shape\":{shape:?},\"data_offsets\":[0,{}]}}}}",
        numbers.len()
    );
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(numbers);
    bytes
}

#[test]
fn pairs_of_own_vectors_are_explained_as_far_as_the_run_kept_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = with_vectors(dir.path());
    options.top = 1;
    options.per_demand = 1;
    made::run(&options);
    let kept = made::pairs(&options.out);
    let embedder = EmbedderOptions::default();
    let pair = &kept[0];
    let found = explain(&options.out, &pair.demand_id, &pair.supply_id, &embedder).unwrap();
    assert!(found.kept);
    let other = (1..=40)
        .map(|n| format!("GJ-2026-{n:04}"))
        .find(|supply| {
            !kept.iter().any(|k| k.demand_id == pair.demand_id && k.supply_id == *supply)
        })
        .expect("one that was not kept");
    let error = explain(&options.out, &pair.demand_id, &other, &embedder).unwrap_err();
    assert_eq!(error.code(), "vectors.not-kept");
}

fn duijie(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_duijie"));
    command.current_dir(dir);
    for name in [
        "DUIJIE_LOG",
        "COLUMNS",
        "SOURCE_DATE_EPOCH",
        "DUIJIE_API_KEY",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        command.env_remove(name);
    }
    command
}

fn call(command: &mut Command, arguments: &[&str]) -> (i32, String, String) {
    let output = command.args(arguments).output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}

fn every_file(dir: &Path) -> Vec<PathBuf> {
    let (mut open, mut found) = (vec![dir.to_owned()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            if entry.path().is_dir() { open.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found
}

#[test]
fn a_run_over_an_endpoint_names_it_keeps_its_vectors_and_hides_the_key() {
    let server = Server::start(|_, asked| vectors(asked));
    let dir = tempfile::tempdir().unwrap();
    made::write_demands(dir.path(), &made::demand_rows());
    made::write_supplies(dir.path(), &made::supply_rows());
    let address = server.address();
    let run = ["match", ".", "--out", "out", "--backend", "cpu", "--top", "1", "--per-demand", "1"];
    let run = [&run[..], &["--embedder", &address, "--vector-cache", "kept"]].concat();
    let key = "sk-not-to-be-seen";
    let (code, _, err) = call(duijie(dir.path()).env("DUIJIE_API_KEY", key), &run);
    assert_eq!(code, 0, "{err}");
    assert!(!err.contains("注意"), "nothing leaves this machine: {err}");
    let asked = server.take();
    assert!(asked.len() > 5);
    assert!(asked.iter().all(|a| a.authorization.as_deref() == Some("Bearer sk-not-to-be-seen")));
    assert!(!asked.iter().flat_map(|a| &a.inputs).any(|text| text.contains(made::PERSON)));

    let manifest = duijie::pipeline::Manifest::read(&dir.path().join("out")).unwrap();
    assert_eq!(manifest.embedder, format!("m@{}", server.host()));
    assert_eq!((manifest.embedder_kind.as_str(), manifest.embedder_dim), ("endpoint", 4));
    assert_eq!(manifest.embedder_host, Some(server.host()));
    let report = fs::read_to_string(dir.path().join("out/report.html")).unwrap();
    assert!(report.contains(&format!("发送到了 {}", server.host())));
    for path in every_file(dir.path()) {
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(key.len()).any(|part| part == key.as_bytes()), "{}", path.display());
    }

    // Only the probe is asked again; the results are the same.
    let first = results(&dir.path().join("out"));
    assert_eq!(call(&mut duijie(dir.path()), &run).0, 0);
    assert_eq!(server.take().len(), 1);
    assert_eq!(results(&dir.path().join("out")), first);

    // A pair that was not kept is judged with the run's own model or not at all.
    let kept = made::pairs(&dir.path().join("out"));
    let demand = &kept[0].demand_id;
    let supply = (1..=40)
        .map(|n| format!("GJ-2026-{n:04}"))
        .find(|supply| !kept.iter().any(|k| k.demand_id == *demand && k.supply_id == *supply))
        .expect("one that was not kept");
    let ask = ["explain", demand, &supply, "--in", "out", "--vector-cache", "kept"];
    let with = [&ask[..], &["--embedder", &address]].concat();
    let (code, out, err) = call(&mut duijie(dir.path()), &with);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("现算"), "{out}");
    let (code, _, err) = call(&mut duijie(dir.path()), &ask);
    assert_eq!(code, 1);
    assert!(err.contains("[pipeline.other-model]") && err.contains("--embedder"), "{err}");

    // The same address and name with another dimension is another model.
    let wider = Server::start(|_, asked| {
        let items = (0..asked.inputs.len())
            .map(|index| format!("{{\"index\":{index},\"embedding\":[1,2,3,4,5]}}"));
        data(&items.collect::<Vec<_>>().join(","))
    });
    let address = wider.address();
    let with = [&ask[..], &["--embedder", &address]].concat();
    let (code, _, err) = call(&mut duijie(dir.path()), &with);
    assert_eq!(code, 1);
    assert!(
        err.contains("[pipeline.other-model]") && err.contains("(4, ") && err.contains("(5, "),
        "{err}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn texts_that_leave_this_machine_are_announced() {
    let server = Server::start(|_, asked| vectors(asked));
    let dir = tempfile::tempdir().unwrap();
    made::write_demands(dir.path(), &made::demand_rows());
    made::write_supplies(dir.path(), &made::supply_rows());
    // Linux takes this for itself, though it is no loopback address.
    let address = server.address().replace("127.0.0.1", "0.0.0.0");
    let run = ["match", ".", "--out", "out", "--embedder", &address, "--no-vector-cache"];
    let (code, _, err) = call(&mut duijie(dir.path()), &run);
    assert_eq!(code, 0, "{err}");
    let host = server.host().replace("127.0.0.1", "0.0.0.0");
    assert!(err.contains("注意") && err.contains(&host) && err.contains("没有加密"), "{err}");
}

#[test]
fn wrong_use_is_told() {
    let dir = tempfile::tempdir().unwrap();
    for (arguments, hint) in [
        (&["--demand-vectors", "d.npy"][..], "--supply-vectors"),
        (
            &["--demand-vectors", "d.npy", "--supply-vectors", "s.npy", "--embedder", "x"],
            "--embedder",
        ),
        (&["--embedder", "http://127.0.0.1:8080/v1"], "#模型名"),
        (&["--embedder", "http://me:secret@127.0.0.1/v1#m"], "DUIJIE_API_KEY"),
        (&["--query-instruction", "查询："], "--query-instruction"),
        (&["--vector-cache", "c", "--no-vector-cache"], "--no-vector-cache"),
    ] {
        let arguments = [&["match", ".", "--out", "out"], arguments].concat();
        let (code, out, err) = call(&mut duijie(dir.path()), &arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {err}");
        assert!(err.contains(hint) && err.contains("办法："), "{arguments:?}: {err}");
    }
}

#[test]
fn what_cannot_be_opened_is_told_before_the_lists_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = made::options(dir.path());
    fs::remove_file(&options.demands[0]).unwrap();
    options.embedder = EmbedderChoice::Directory(dir.path().join("no-model")).into();
    assert_eq!(fails(&options).code(), "embed.read");
    options.embedder = EmbedderOptions::default();
    options.vectors = Some(OwnVectors { demands: "d.npy".into(), supplies: "s.npy".into() });
    assert_eq!(fails(&options).code(), "vectors.read");
}

/// Texts at the edges of what a list can hold.
fn odd_texts() -> Vec<String> {
    let long: String = ('\u{4e00}'..='\u{9fa5}').cycle().take(1_000_000).collect();
    ["", " \t\n", "硅", "a", "。。。！？——……", "★☆※→←≥≤", "\u{0}\u{fffd}\u{200b}"]
        .into_iter()
        .map(str::to_owned)
        .chain([long, "x".repeat(1_000_000), "，".repeat(100_000)])
        .collect()
}

#[test]
fn odd_texts_have_vectors_of_unit_length_or_none_with_every_embedder() {
    let server = Server::start(|_, asked| vectors(asked));
    let address = server.address().parse().unwrap();
    let endpoint =
        EndpointEmbedder::connect(address, None, None, EndpointLimits::default()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let builtin = StaticModel::builtin().unwrap();
    let cached = CachedEmbedder::open(builtin.clone(), &VectorCache::new(dir.path())).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/model");
    let from_dir = StaticModel::from_dir(&folder).unwrap();
    let embedders: [&dyn Embedder; 4] = [&builtin, &from_dir, &cached, &endpoint];
    let owned = odd_texts();
    let texts: Vec<&str> = owned.iter().map(String::as_str).collect();
    let mut first = None;
    for embedder in embedders {
        let EmbedderIdentity { name, dim, .. } = embedder.identity();
        for role in [TextRole::Query, TextRole::Document] {
            let found = embedder.embed(&texts, role).unwrap();
            assert_eq!((found.n_rows(), found.dim()), (texts.len(), *dim), "{name}");
            for row in 0..texts.len() {
                let square: f64 = found.row(row).iter().map(|x| f64::from(*x).powi(2)).sum();
                let unit = (square - 1.0).abs() < 1e-5;
                assert!(unit || (square == 0.0 && row != 2 && row != 7), "{name} {row}: {square}");
            }
            assert!(found.row(0).iter().chain(found.row(1)).all(|x| *x == 0.0), "{name}");
            if *dim == 256 {
                assert_eq!(*first.get_or_insert_with(|| found.clone()), found, "{name}");
            }
        }
    }
}
