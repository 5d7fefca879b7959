//! Which models see, as far as their names tell. Pure.

/// What the names of families begin with whose models see.
const FAMILIES: [&str; 36] = [
    "-chatgpt-4o",
    "-gpt-4o",
    "-gpt-4-1-",
    "-gpt-4-5-",
    "-gpt-4-turbo-",
    "-gpt-5",
    "-gpt-6",
    "-o1-",
    "-o3-",
    "-o4-mini-",
    "-claude-",
    "-gemini-",
    "-gemma3-",
    "-gemma-3-",
    "-gemma4-",
    "-gemma-4-",
    "-grok-4-",
    "-llama4-",
    "-llama-4-",
    "-mistral-small3-1-",
    "-mistral-small3-2-",
    "-mistral-small-3-1-",
    "-mistral-small-3-2-",
    "-mistral-medium-3-",
    "-mistral-large-3-",
    "-ministral-3-",
    "-qwen3-5-",
    "-qwen3-6-",
    "-qvq-",
    "-kimi-k2-5-",
    "-internvl",
    "-deepseek-vl",
    "-minicpm-v-",
    "-minicpm-o-",
    "-moondream",
    "-molmo",
];
/// What stands somewhere in the names of others that do: `qwen2.5vl:7b`, `smolvlm2`, `phi-4-multimodal-instruct`.
const SIGNS: [&str; 13] = [
    "vl-",
    "vlm",
    "-vision",
    "-multimodal",
    "-omni-",
    "llava",
    "pixtral",
    "-glm-4v",
    "-glm-4-1v",
    "-glm-4-5v",
    "-glm-4-6v",
    "-glm-5v",
    "ocr-",
];
/// What stands in the names of their relatives that do not.
const EXCEPTIONS: [&str; 19] = [
    "-gpt-4-turbo-preview-",
    "-o1-mini-",
    "-o1-preview-",
    "-o3-mini-",
    "-claude-1",
    "-claude-2",
    "-claude-v",
    "-claude-instant-",
    "-gemma3-1b-",
    "-gemma3-270m-",
    "-gemma-3-1b-",
    "-gemma-3-270m-",
    "-embed",
    "-audio-",
    "-realtime-",
    "-transcribe",
    "-tts-",
    "-search-",
    "-codex-spark-",
];

/// Whether a model of this name is known to take images.
///
/// This is a guess, for the many servers that do not tell: a family that is missing counts as blind, a name can promise
/// what its server was not started with, and a name of somebody's own says nothing. The settings correct it.
pub fn by_name(name: &str) -> bool {
    // `vendor/` as most write it, `vendor.` as Amazon does.
    let mut name = name.rsplit('/').next().unwrap_or_default();
    while let Some((vendor, rest)) = name.split_once('.')
        && vendor.chars().all(char::is_alphabetic)
    {
        name = rest;
    }
    let mut words = String::from("-");
    words.extend(name.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' }));
    words.push('-');
    let is_known = FAMILIES.iter().any(|start| words.starts_with(start)) || has(&words, &SIGNS);
    is_known && !has(&words, &EXCEPTIONS)
}

fn has(words: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| words.contains(part))
}

#[cfg(test)]
mod tests {
    use super::by_name;

    #[test]
    fn families_that_see_are_known_by_name() {
        for name in [
            "gpt-4o",
            "gpt-4o-mini-2024-07-18",
            "chatgpt-4o-latest",
            "gpt-4.1-nano",
            "gpt-4-turbo",
            "gpt-4-turbo-2024-04-09",
            "gpt-4-vision-preview",
            "openai/gpt-5-mini",
            "gpt-5.2",
            "o1",
            "o1-2024-12-17",
            "o3-pro",
            "o4-mini",
            "claude-3-5-sonnet-latest",
            "anthropic/claude-sonnet-4.5",
            "claude-opus-4-1",
            "us.anthropic.claude-haiku-4-5-20251001-v1:0",
            "models/gemini-2.5-flash",
            "google/gemini-3-pro-preview",
            "gemma3",
            "gemma3:12b",
            "google/gemma-3-27b-it:free",
            "hf.co/unsloth/gemma-3-4b-it-GGUF:Q4_K_M",
            "google.gemma-3-12b-it",
            "grok-4",
            "x-ai/grok-4-fast",
            "grok-2-vision-1212",
            "meta-llama/llama-4-scout-17b-16e-instruct",
            "llama4:maverick",
            "llama3.2-vision:11b",
            "llama-3.2-90b-vision-preview",
            "llava",
            "bakllava:7b",
            "llava-phi3",
            "pixtral-large-latest",
            "mistral-small3.2:24b",
            "Mistral-Small-3.1-24B-Instruct-2503",
            "mistralai/mistral-medium-3.1",
            "ministral-3:8b",
            "qwen2.5vl:7b",
            "Qwen/Qwen2-VL-7B-Instruct",
            "qwen3-vl",
            "qwen-vl-max",
            "qwen3.5:9b",
            "qwen3-omni-30b-a3b",
            "moondream2",
            "minicpm-v:8b",
            "OpenGVLab/InternVL3-8B",
            "deepseek-vl2-tiny",
            "kimi-vl-a3b",
            "kimi-k2.5:cloud",
            "granite3.2-vision:2b",
            "Phi-3.5-vision-instruct",
            "microsoft/phi-4-multimodal-instruct",
            "SmolVLM2-2.2B-Instruct",
            "molmo-7b-d",
            "z-ai/glm-4.5v",
            "glm-4v-9b",
            "deepseek-ocr:3b",
        ] {
            assert!(by_name(name), "{name}");
        }
    }

    #[test]
    fn their_relatives_and_all_others_do_not() {
        for name in [
            "",
            "/",
            "...",
            "demo",
            "default",
            "gpt-3.5-turbo",
            "gpt-4",
            "gpt-4-0613",
            "gpt-4-1106-preview",
            "gpt-4-turbo-preview",
            "gpt-4o-audio-preview",
            "gpt-4o-mini-transcribe",
            "gpt-oss:120b",
            "openai/gpt-oss-20b",
            "o1-mini",
            "o1-preview-2024-09-12",
            "o3-mini-high",
            "anthropic.claude-v2:1",
            "claude-2.1",
            "claude-instant-1.2",
            "gemini-embedding-001",
            "gemini-2.5-flash-preview-tts",
            "gemma:7b",
            "gemma2:9b",
            "gemma3:1b",
            "google/gemma-3-1b-it",
            "gemma-3-270m",
            "gemma3n:e4b",
            "grok-3-mini",
            "grok-code-fast-1",
            "llama3.1:8b",
            "meta-llama/Llama-3.3-70B-Instruct",
            "mistral-7b-instruct",
            "mistral:7b",
            "mistral-small:24b",
            "mistralai/Mistral-Small-3-24B-Instruct",
            "ministral-8b-latest",
            "mixtral-8x7b",
            "codestral-latest",
            "qwen2.5:7b",
            "qwen3:32b",
            "qwen3-coder",
            "qwen3-32b",
            "deepseek-r1",
            "deepseek-v3.2",
            "kimi-k2-instruct",
            "phi-4",
            "glm-4.5-air",
            "glm-4-9b",
            "granite3.3:8b",
            "command-r-plus",
            "tiny",
        ] {
            assert!(!by_name(name), "{name}");
        }
    }
}
