/** Where well-known model servers answer. Their names are their own, and not translated. */
export interface Preset {
  name: string;
  base_url: string;
}

export const presets: readonly Preset[] = [
  { name: "OpenAI", base_url: "https://api.openai.com/v1" },
  { name: "OpenRouter", base_url: "https://openrouter.ai/api/v1" },
  { name: "Groq", base_url: "https://api.groq.com/openai/v1" },
  { name: "Mistral", base_url: "https://api.mistral.ai/v1" },
  { name: "DeepSeek", base_url: "https://api.deepseek.com/v1" },
  { name: "Ollama", base_url: "http://127.0.0.1:11434/v1" },
  { name: "llama.cpp", base_url: "http://127.0.0.1:8080/v1" },
  { name: "LM Studio", base_url: "http://127.0.0.1:1234/v1" },
  { name: "vLLM", base_url: "http://127.0.0.1:8000/v1" },
];

/** The text is an address, and its host, port or scheme is not that of the other. */
export function leadsElsewhere(text: string, known: string): boolean {
  try {
    return new URL(text.trim()).origin !== new URL(known).origin;
  } catch {
    return false;
  }
}

/** The text is an address as model servers have them; where it leads the server may still refuse. */
export function isBaseAddress(text: string): boolean {
  try {
    const url = new URL(text.trim());
    const bare = !url.username && !url.password && !url.search && !url.hash;
    return bare && /^https?:$/.test(url.protocol) && text.trim().length <= 1000;
  } catch {
    return false;
  }
}
