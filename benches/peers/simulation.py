#!/usr/bin/env python3
"""The firm step of the simulation in JAX (one jitted function per quarter) and in PyTorch (eager).

    python3 benches/peers/simulation.py [--firms N] [--quarters N] [--rounds N] [--threads N] [jax] [torch]

The same integers as engine/kernel/firm_step: Philox4x32-10, tables with linear interpolation, sums by
cluster. Before anything is timed, 4,096 firms over 8 quarters must give the total that the test
`the_peers_work_is_ours` of tests/simulation_backends.rs asserts. Prints firm-steps per second, median and spread,
and per second of processor time, which is fairer on a shared machine.
"""
import argparse
import math
import statistics
import time

import numpy as np

ONE = 1 << 24
CLUSTERS = 352
EXPECTED = 0x2ca1a3077876fe5e


def q24(x):
    scaled = x * ONE
    return int(math.floor(abs(scaled) + 0.5)) * (1 if scaled >= 0 else -1)


def inverse_normal(p):
    """Acklam's approximation for 0 < p <= 1/2, as engine/kernel/firm_step/tables.rs computes it."""
    c = [-7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734,
         4.374664141464968, 2.938163982698783]
    d = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1.0]
    a = [-3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2,
         -3.066479806614716e1, 2.506628277459239]
    b = [-5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1,
         -1.328068155288572e1, 1.0]

    def horner(coefficients, x):
        y = 0.0
        for coefficient in coefficients:
            y = y * x + coefficient
        return y

    if p < 0.02425:
        q = math.sqrt(-2.0 * math.log(p))
        return horner(c, q) / horner(d, q)
    q = p - 0.5
    r = q * q
    return horner(a, r) * q / horner(b, r)


def tables():
    nodes = [(0.5 / 2 ** (i // 33)) * (1.0 + (i % 33) / 32.0) for i in range(32 * 33)]
    regimes = [(-math.log(1.0 - (i + 0.5) / 256.0)) ** 1.3 for i in range(256)]
    mean = sum(regimes) / 256.0
    steps = [(1, .45), (2, 1.9), (3, 2.0), (4, 1.55), (5, 1.15), (7, .8), (10, .55), (15, .42), (64, .35)]
    conversion = []
    for i in range(512):
        total = 1.0 / (1.0 + math.exp(-(-16 + i / 16)))
        conversion.append(q24(1.0 - (1.0 - total) ** (1.0 / 12.0)))
    return {
        'exp2': [int(math.floor(2 ** 30 * 2 ** (j / 256) + 0.5)) for j in range(257)],
        'gauss': [q24(-inverse_normal(min(p / 2, 0.5))) for p in nodes],
        'expo': [q24(-math.log(min(p, 1.0))) for p in nodes],
        'regime': [q24(math.sqrt(v / mean)) for v in regimes],
        'hazard': [q24(math.log2(next(m for below, m in steps if age < below))) for age in range(64)],
        'young': [q24(0.02 * math.exp(-age / 4)) for age in range(64)],
        'conversion': conversion,
        'logit': [q24(-3.48 + 2.26 * (score + 0.5) / 256) for score in range(256)],
    }


K = dict(phi=q24(.12), delta=q24(.05), h0=q24(math.log2(.05)), jump=q24(.1), expected=q24(.05 * .1),
         sigma0=q24(math.log2(.65)), beta=q24(.225), x0=q24(11.0), sigma_a=q24(.12),
         eta0=q24(math.log2(.007)), zeta=q24(.35), kappa=q24(1.0), x_min=q24(3.3), lam=q24(.01),
         transfer=q24(.09), spin=q24(.1) >> 8)
GROWTH, MATCHES16, SEED = 352322, 655, (1, 2)


def firms(n):
    i = np.arange(n, dtype=np.int64)
    w0 = (i % CLUSTERS) | ((i * 13 % 200) << 10) | ((i % 256) << 20) | (1 << 28)
    w1 = np.where(i % 3 == 0, ((i % 256) << 6) | 12, 0)
    return [a.astype(np.int32) for a in (9 * ONE + (i % 977) * 100003, (i * 7 % 1001 - 500) * 10000, w0, w1)]


def make_step(o, t):
    """One quarter; `o` brings the few functions that differ between the libraries."""
    i32, i64, where = o.i32, o.i64, o.where

    def mulq(a, b):
        return i32((i64(a) * b) >> 24)

    def mul16(a, f):
        return i32((i64(a) * f) >> 16)

    def exp2m(f):
        j = (f >> 16) & 255
        low = o.take(t['exp2'], j)
        step = o.take(t['exp2'], j + 1) - low
        return low + (((step << 8) * (i64(f & 0xffff) << 8)) >> 32)

    def size16(x):
        x = o.clip(x, -3 * ONE, 28 * ONE - 1)
        return (exp2m(x) << 1) >> i64(27 - (x >> 24))

    def prob32(x):
        x = o.clip(x, -(1 << 31), -ONE)
        shift = -1 - (x >> 24)
        value = (exp2m(x) >> i64(shift & 31)) << 1
        return where(shift > 29, o.zero64(value), value)

    def exp2q(x):
        x = o.clip(x, -20 * ONE, 6 * ONE - 1)
        return i32(exp2m(x) >> i64(6 - (x >> 24)))

    def octave(u, table):
        v = u | 1
        zeros = o.clz(v)
        m = (v << zeros) & 0xffffffff
        at = i32(zeros) * 33 + i32((m >> 26) & 31)
        low = o.take(table, at)
        return low + mul16(o.take(table, at + 1) - low, i32((m >> 10) & 0xffff))

    def gauss(u):
        z = octave((u << 1) & 0xffffffff, t['gauss'])
        return where((u >> 31) == 1, -z, z)

    def expo16(u):
        return octave(((u << 16) | 0x8000) & 0xffffffff, t['expo'])


    def step(x, a, uid, w0, w1, quarter):
        alive = (w0 >> 28) & 1 == 1
        r0, r1, r2, r3 = o.philox(uid, quarter)
        year = o.clip((w0 >> 12) & 255, 0, 63)
        hazard = K['eta0'] + o.take(t['hazard'], year) - mulq(x - K['x0'], K['zeta']) - mulq(a, K['kappa'])
        dies = (r2 >> 16) < (prob32(hazard) >> 16)
        fresh = (w0 & ~(255 << 20)) | i32((r2 & 255) << 20)
        w0 = where(quarter % 4 == 0, fresh, w0)
        z = gauss(r0)
        sigma = exp2q(o.clip(K['sigma0'] - mulq(x - K['x0'], K['beta']), -5 * ONE, 0))
        shock = mulq(mulq(sigma, o.take(t['regime'], (w0 >> 20) & 255)), z) >> 1
        change = GROWTH + mulq(a, K['phi']) + shock + o.take(t['young'], year)
        innovates = (r1 >> 16) < INNOVATION16
        high = i32(r3 >> 16)
        pending = (w1 & 63) > 0
        arrives = ~pending & (high < MATCHES16)
        gap = o.clip(-a, 0, 1 << 30)
        x = o.clip(x + change, -3 * ONE, 28 * ONE - 1)
        skill = a + mulq(z, K['sigma_a']) - mulq(a, K['delta']) - K['expected'] + mulq(gap, K['lam'])
        skill = where(innovates, skill + mulq(expo16(r1), K['jump']), skill)
        score = (w1 >> 6) & 255
        offset = o.clip(o.take(t['logit'], score) + 16 * ONE, 0, 511 * (ONE // 16) - 1)
        low = o.take(t['conversion'], offset >> 20)
        up = o.take(t['conversion'], (offset >> 20) + 1)
        limit = (low + mul16(up - low, (offset >> 4) & 0xffff)) >> 8
        converts = pending & (high < limit)
        spun = converts & ((high << 8) < mul16(limit << 8, K['spin']))
        skill = where(converts & ~spun, skill + mulq(expo16(r3), K['transfer']), skill)
        fresh_match = (i32((r3 >> 8) & 255) << 6) | 12
        w1 = where(arrives, fresh_match, where(pending, where(converts, o.zero(w1), w1 - 1), o.zero(w1)))
        skill = o.clip(skill, -6 * ONE, 6 * ONE)
        dies = dies | (x < K['x_min'])
        cluster = w0 & 511
        older = where(((w0 >> 10) & 1023) < 1023, w0 + 1024, w0)
        lives = alive & ~dies
        size = where(lives, size16(x), o.zero64(x))
        weight = i64((skill + 6 * ONE) >> 8)
        sums = [o.segment_sum(size, cluster), o.segment_sum((size >> 4) * weight, cluster),
                o.segment_sum(i64(lives), cluster), o.segment_sum(i64(alive & dies), cluster),
                o.segment_sum(i64(alive & innovates), cluster),
                o.segment_sum(i64(alive & converts & ~spun), cluster)]
        return x, skill, where(lives, older, o.zero(w0)), w1, sums

    return step


def innovation16():
    x = K['h0']
    e = tables()['exp2']
    j, f = (x >> 16) & 255, x & 0xffff
    m = e[j] + ((((e[j + 1] - e[j]) << 8) * (f << 8)) >> 32)
    return ((m >> (-1 - (x >> 24))) << 1) >> 16


INNOVATION16 = innovation16()


class Jax:
    name = 'JAX, jitted'

    def __init__(self, threads):
        import jax
        jax.config.update('jax_enable_x64', True)
        import jax.numpy as jnp
        self.jax, self.jnp = jax, jnp
        self.version = f'{jax.__version__} on {jax.devices()[0].device_kind}'
        self.where = jnp.where

    def array(self, values, dtype):
        return self.jnp.asarray(np.asarray(values, dtype=dtype))

    def i32(self, x):
        return x.astype(self.jnp.int32)

    def i64(self, x):
        return x.astype(self.jnp.int64)

    def take(self, table, at):
        return table[at]

    def clip(self, x, low, high):
        return self.jnp.clip(x, low, high).astype(x.dtype)

    def zero(self, x):
        return self.jnp.zeros_like(x)

    def zero64(self, x):
        return self.jnp.zeros_like(x, dtype=self.jnp.int64)

    def clz(self, v):
        return self.i64(self.jax.lax.clz(v.astype(self.jnp.uint32)))

    def philox(self, uid, quarter):
        u32, u64 = self.jnp.uint32, self.jnp.uint64
        c = [uid.astype(u32), self.jnp.full_like(uid, 0, dtype=u32) + quarter.astype(u32),
             self.jnp.zeros_like(uid, dtype=u32), self.jnp.zeros_like(uid, dtype=u32)]
        k0, k1 = SEED
        for _ in range(10):
            p0, p1 = u64(0xd2511f53) * c[0].astype(u64), u64(0xcd9e8d57) * c[2].astype(u64)
            c = [(p1 >> 32).astype(u32) ^ c[1] ^ u32(k0), p1.astype(u32),
                 (p0 >> 32).astype(u32) ^ c[3] ^ u32(k1), p0.astype(u32)]
            k0, k1 = (k0 + 0x9e3779b9) & 0xffffffff, (k1 + 0xbb67ae85) & 0xffffffff
        return [self.i64(w) for w in c]

    def segment_sum(self, values, cluster):
        return self.jax.ops.segment_sum(values, cluster, num_segments=CLUSTERS)

    def compile(self, step):
        return self.jax.jit(step)

    def number(self, quarter):
        return self.jnp.int32(quarter)

    def wait(self, state):
        self.jax.block_until_ready(state)


class Torch:
    name = 'PyTorch, eager'

    def __init__(self, threads):
        import torch
        self.torch = torch
        self.device = 'cuda' if torch.cuda.is_available() else 'cpu'
        if threads:
            torch.set_num_threads(threads)
        self.version = f'{torch.__version__} on {self.device}, {torch.get_num_threads()} threads'

    def where(self, condition, a, b):
        if isinstance(condition, bool):
            return a if condition else b
        return self.torch.where(condition, a, b)

    def array(self, values, dtype):
        return self.torch.from_numpy(np.ascontiguousarray(np.asarray(values, dtype=dtype))).to(self.device)

    def i32(self, x):
        return x.int()

    def i64(self, x):
        return x.long()

    def take(self, table, at):
        return table[at]

    def clip(self, x, low, high):
        return x.clamp(low, high)

    def zero(self, x):
        return self.torch.zeros_like(x)

    def zero64(self, x):
        return self.torch.zeros_like(x, dtype=self.torch.int64)

    def clz(self, v):
        return 32 - self.torch.frexp(v.double()).exponent.long()

    def philox(self, uid, quarter):
        mask = 0xffffffff
        zero = self.torch.zeros_like(uid, dtype=self.torch.int64)
        c = [uid.long(), zero + quarter, zero, zero]
        k0, k1 = SEED
        for _ in range(10):
            # A product of 64 bits wraps as a signed number; its bits are right.
            p0, p1 = c[0] * 0xd2511f53, c[2] * 0xcd9e8d57
            c = [((p1 >> 32) & mask) ^ c[1] ^ k0, p1 & mask, ((p0 >> 32) & mask) ^ c[3] ^ k1, p0 & mask]
            k0, k1 = (k0 + 0x9e3779b9) & mask, (k1 + 0xbb67ae85) & mask
        return c

    def segment_sum(self, values, cluster):
        sums = self.torch.zeros(CLUSTERS, dtype=self.torch.int64, device=self.device)
        return sums.index_add_(0, cluster.long(), values)

    def compile(self, step):
        return step

    def number(self, quarter):
        return quarter

    def wait(self, state):
        if self.device == 'cuda':
            self.torch.cuda.synchronize()


def run(o, step, n, quarters):
    x, a, w0, w1 = (o.array(v, np.int32) for v in firms(n))
    uid = o.array(np.arange(n), np.int32)
    o.wait([x, a, w0, w1, uid])
    began, used, all_sums = time.perf_counter(), time.process_time(), []
    for quarter in range(quarters):
        x, a, w0, w1, sums = step(x, a, uid, w0, w1, o.number(quarter))
        all_sums.append(sums)
    o.wait((x, all_sums))
    return time.perf_counter() - began, time.process_time() - used, all_sums


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('peers', nargs='*', default=['jax', 'torch'])
    parser.add_argument('--firms', type=int, default=1_000_000)
    parser.add_argument('--quarters', type=int, default=12)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--threads', type=int, default=0)
    options = parser.parse_args()
    for peer in options.peers:
        o = {'jax': Jax, 'torch': Torch}[peer](options.threads)
        t = {name: o.array(values, np.int64 if name == 'exp2' else np.int32)
             for name, values in tables().items()}
        step = o.compile(make_step(o, t))
        _, _, sums = run(o, step, 4096, 8)
        found = 0
        for quarter in sums:
            for part in quarter:
                for value in np.asarray(part.cpu() if peer == 'torch' else part).tolist():
                    found = (found * 31 + value) & 0xffffffffffffffff
        state = 'the same bits' if found == EXPECTED else f'OTHER BITS: {found:#x}'
        run(o, step, options.firms, 1)
        rates, by_processor, steps = [], [], 0
        for _ in range(options.rounds):
            seconds, processor, sums = run(o, step, options.firms, options.quarters)
            lived = [int(np.asarray(q[2].cpu() if peer == 'torch' else q[2]).sum()) for q in sums]
            steps = options.firms + sum(lived[:-1])
            rates.append(steps / seconds)
            by_processor.append(steps / processor)
        print(f'{o.name} {o.version}: {statistics.median(rates):.3e} firm-steps/s '
              f'({min(rates):.3e}-{max(rates):.3e}, {options.rounds} rounds of {steps:.3e}), '
              f'{statistics.median(by_processor):.3e} per second of processor time, {state}', flush=True)


if __name__ == '__main__':
    main()
