import type { Language } from "../../src/core/workflow/model.ts";

/** Sentences of a plan's derivation. Figures come in as they are to be shown. */
const en = {
  weights: "weights = {gib} GiB ({from})",
  weightsUnknown: "weights: unknown",
  kv: "KV per token = {layers} attention layers × 2 × {heads} KV heads × {dim} × {element} B = {bytes} B ({kind})",
  denseBlock: "block = {size} tokens (vLLM's default for dense attention), {mib} MiB over {layers} layers on each GPU",
  denseBlockCpu:
    "block = {size} tokens (vLLM's default for dense attention on a CPU), {mib} MiB over {layers} layers on each GPU",
  state: "state per sequence = {layers} GDN layers × (convolution + recurrent state) = {mib} MiB",
  block:
    "block = {step} × ⌈{state} B state ÷ ({step} × {page} B)⌉ = {size} tokens: an attention page must hold a state",
  groups: "groups of {layers} layers: {attention} attention + {gdn} GDN; one block is {mib} MiB on each GPU",
  poolGiven: "pool = {gib} GiB on each GPU, as given",
  poolUnknown: "pool: unknown without the GPU and the weights",
  pool: "pool = {gpuGib} GiB ({gpu}) × {util} − {weights} GiB weights − {overhead} GiB activations and graphs = {left} GiB on each GPU",
  noRoom: "no room for a KV cache",
  blocks: "blocks = ⌊pool ÷ {mib} MiB⌋ = {blocks}",
  request: "blocks of one request of {tokens} tokens = ⌈{context} ÷ {size}⌉ = {blocks}",
  requestWithState:
    "blocks of one request of {tokens} tokens = ⌈{context} ÷ {size}⌉ + {groups} × {each} state blocks (--mamba-cache-mode {mode}) = {blocks}",
  concurrency: "maximum concurrency = {blocks} ÷ {each} = {concurrency}; KV cache = {tokens} tokens",
  aboveModel: "the model allows {max} tokens; {context} will be refused",
  sessions:
    "{workers} Workers = {sessions} sessions (one Scout each and the Commander), at most {most} with Librarians",
  checkpoints:
    "vLLM 0.33 with FlashInfer's GDN prefill kernel (its default on Hopper) keeps one more state block a group and blocks of {size} tokens: {concurrency} there",
  arithmetic:
    "arithmetic of vLLM 0.22 to 0.33 (0.10 to 0.21: the same blocks and concurrency, another token figure; since 0.29 the longest request is one block shorter)",
  unread:
    "vLLM {version} was not read; this is the arithmetic of 0.22 to 0.33 (0.10 to 0.21: the same blocks and concurrency, another token figure; since 0.29 the longest request is one block shorter)",
} as const;

const ko: Record<keyof typeof en, string> = {
  weights: "가중치 = {gib} GiB ({from})",
  weightsUnknown: "가중치: 알 수 없음",
  kv: "토큰당 KV = 어텐션 층 {layers}개 × 2 × KV 헤드 {heads}개 × {dim} × {element} B = {bytes} B ({kind})",
  denseBlock: "블록 = {size} 토큰 (밀집 어텐션의 vLLM 기본값), GPU마다 {layers}개 층에 {mib} MiB",
  denseBlockCpu: "블록 = {size} 토큰 (CPU에서 밀집 어텐션의 vLLM 기본값), GPU마다 {layers}개 층에 {mib} MiB",
  state: "시퀀스당 상태 = GDN 층 {layers}개 × (컨볼루션 + 순환 상태) = {mib} MiB",
  block:
    "블록 = {step} × ⌈상태 {state} B ÷ ({step} × {page} B)⌉ = {size} 토큰: 어텐션 페이지 하나에 상태 하나가 들어가야 함",
  groups: "{layers}개 층씩 묶음: 어텐션 {attention} + GDN {gdn}. 블록 하나는 GPU마다 {mib} MiB",
  poolGiven: "풀 = GPU마다 {gib} GiB, 주어진 값",
  poolUnknown: "풀: GPU와 가중치를 모르면 알 수 없음",
  pool: "풀 = {gpuGib} GiB ({gpu}) × {util} − 가중치 {weights} GiB − 활성값과 그래프 {overhead} GiB = GPU마다 {left} GiB",
  noRoom: "KV 캐시 자리가 없음",
  blocks: "블록 수 = ⌊풀 ÷ {mib} MiB⌋ = {blocks}",
  request: "{tokens} 토큰 요청 하나의 블록 = ⌈{context} ÷ {size}⌉ = {blocks}",
  requestWithState:
    "{tokens} 토큰 요청 하나의 블록 = ⌈{context} ÷ {size}⌉ + 상태 블록 {groups} × {each} (--mamba-cache-mode {mode}) = {blocks}",
  concurrency: "최대 동시성 = {blocks} ÷ {each} = {concurrency}, KV 캐시 = {tokens} 토큰",
  aboveModel: "모델의 한도는 {max} 토큰이라 {context} 토큰은 거절됨",
  sessions: "워커 {workers}명 = 세션 {sessions}개 (워커마다 스카우트 하나, 그리고 커맨더), 사서까지 많아야 {most}개",
  checkpoints:
    "FlashInfer의 GDN 프리필 커널을 쓰는 vLLM 0.33(Hopper의 기본값)은 묶음마다 상태 블록을 하나 더 두고 블록이 {size} 토큰: 그때는 {concurrency}",
  arithmetic:
    "vLLM 0.22~0.33의 계산 (0.10~0.21: 블록과 동시성은 같고 토큰 수만 다름. 0.29부터 가장 긴 요청이 한 블록 짧음)",
  unread:
    "vLLM {version}은 확인하지 않은 버전: 0.22~0.33의 계산입니다 (0.10~0.21: 블록과 동시성은 같고 토큰 수만 다름. 0.29부터 가장 긴 요청이 한 블록 짧음)",
};

const SENTENCES: Record<Language, Record<keyof typeof en, string>> = { en, ko };

/** One sentence of a derivation, `{name}` in it replaced by the value of that name. */
export function derivationWord(
  language: Language,
  key: keyof typeof en,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return SENTENCES[language][key].replaceAll(/\{(\w+)\}/gu, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  );
}
