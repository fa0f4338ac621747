/** Where and in what language somebody reads; `$host` of the template language. */
export interface Locale {
	/** BCP 47. */
	readonly language: string;
	/** IANA's name; undefined where it isn't known: times are shown in UTC. */
	readonly zone: string | undefined;
}

export const noLocale: Locale = { language: 'en', zone: undefined };
const longest = 64;
const known = new Map<string, boolean>();
const keep = 1000;

/** The time zone that a text from outside names; undefined where it names none. */
export function parseZone(text: string | null | undefined): string | undefined {
	if (!text || text.length > longest || !/^[A-Za-z][\w+\-/]*$/.test(text)) return undefined;
	return isKnown(`zone ${text}`, () => new Intl.DateTimeFormat('en', { timeZone: text })) ? text : undefined;
}

/** The first language of an Accept-Language header that dates can be written in; else English. */
export function parseLanguage(header: string | null | undefined): string {
	const wanted = (header ?? '')
		.slice(0, 500)
		.split(',')
		.map((entry) => {
			const [tag = '', quality] = entry.split(';');
			const weight = Number(/^\s*q=([\d.]+)\s*$/i.exec(quality ?? '')?.[1] ?? 1);
			return { tag: tag.trim(), weight: Number.isNaN(weight) ? 0 : weight };
		})
		.filter(({ tag, weight }) => weight > 0 && tag !== '*')
		.sort((a, b) => b.weight - a.weight);
	return wanted.find(({ tag }) => isLanguage(tag))?.tag ?? noLocale.language;
}

/** Whether Intl takes it. */
export function isLanguage(value: unknown): value is string {
	if (typeof value !== 'string' || value.length > longest) return false;
	return isKnown(`language ${value}`, () => {
		if (Intl.DateTimeFormat.supportedLocalesOf(value).length === 0) throw new RangeError(value);
	});
}

/** Asking Intl costs; what was asked is kept. */
function isKnown(key: string, ask: () => unknown): boolean {
	const found = known.get(key);
	if (found !== undefined) return found;
	if (known.size >= keep) known.clear();
	let answer = true;
	try {
		ask();
	} catch {
		answer = false;
	}
	known.set(key, answer);
	return answer;
}
