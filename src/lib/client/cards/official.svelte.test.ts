import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { AdaptiveCard, SubmitAction, type Action } from 'adaptivecards';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { parseMarkdown, plainText } from '#engine/card';
import type { Json } from '#kernel';
import { show, type Shown } from './test-host.ts';

/**
 * The official renderer as the oracle, over the official samples: the same words, the same controls, the
 * same submitted data. Looks aren't compared.
 */
vi.stubGlobal('matchMedia', () => ({ matches: true }));
const samples = new URL(
	'../../../../../shared/corpora/adaptive-cards/samples/',
	`file://${process.cwd()}/src/lib/client/cards/`
);
const folders = ['v1.0/Elements', 'v1.0/Tests', 'v1.1/Elements', 'v1.1/Tests', 'v1.2/Elements', 'v1.2/Tests'];
const files = existsSync(samples)
	? folders.flatMap((folder) =>
			readdirSync(new URL(`${folder}/`, samples)).map((name) => `${folder}/${name}`)
		)
	: [];

const known = new Set(
	'AdaptiveCard TextBlock RichTextBlock TextRun Image ImageSet Container ColumnSet Column FactSet Fact Table TableRow TableCell ActionSet Input.Text Input.Number Input.Date Input.Time Input.Toggle Input.ChoiceSet Input.Choice Action.Submit Action.OpenUrl Action.ShowCard Action.ToggleVisibility'.split(
		' '
	)
);
/** Where both are right and differ, and why. */
const apart: Readonly<Record<string, string>> = {
	'v1.2/Tests/Action.ToggleVisibilityExhaustive.json': 'theirs drops every action after the fifth',
	'v1.2/Tests/RichTextBlock.Highlights.json': 'a pressable run is a button: no word of its own, but a box'
};

function read(file: string): Json | undefined {
	try {
		return JSON.parse(readFileSync(new URL(file, samples), 'utf8')) as Json;
	} catch {
		return undefined;
	}
}

function everyType(json: Json): string[] {
	if (Array.isArray(json)) return (json as readonly Json[]).flatMap(everyType);
	if (typeof json !== 'object' || json === null) return [];
	const { type } = json as { type?: Json };
	return [
		...(typeof type === 'string' ? [type] : []),
		...Object.values(json as Record<string, Json>).flatMap(everyType)
	];
}

/** Cards of supported elements only; dates in the reader's words and templates are compared elsewhere. */
function comparable(card: Json | undefined): card is Json {
	if (card === undefined || everyType(card).some((type) => !known.has(type))) return false;
	return !/\{\{(DATE|TIME)|"requires"|"lang"/.test(JSON.stringify(card));
}

/** Submit calls nothing here without a verb. */
function withVerbs(json: Json): Json {
	if (Array.isArray(json)) return (json as readonly Json[]).map(withVerbs);
	if (typeof json !== 'object' || json === null) return json;
	const copy: Record<string, Json> = {};
	for (const [key, value] of Object.entries(json as Record<string, Json>)) copy[key] = withVerbs(value);
	if (copy['type'] !== 'Action.Submit') return copy;
	const data = copy['data'];
	return {
		...copy,
		data: { ...(typeof data === 'object' && !Array.isArray(data) ? (data as object) : {}), verb: 'submit' }
	};
}

AdaptiveCard.onProcessMarkdown = (text, result) => {
	const escaped = document.createElement('p');
	escaped.textContent = plainText(parseMarkdown(text)).replaceAll('\n', ' ');
	result.outputHtml = escaped.outerHTML;
	result.didProcess = true;
};

// The DOM of the tests has no innerText, by which the oracle writes titles.
Object.defineProperty(HTMLElement.prototype, 'innerText', {
	configurable: true,
	get(this: HTMLElement) {
		return this.textContent;
	},
	set(this: HTMLElement, text: string) {
		this.textContent = text;
	}
});

interface Official {
	readonly card: AdaptiveCard;
	readonly root: HTMLElement;
	readonly submitted: Action[];
}

function official(json: Json): Official {
	const card = new AdaptiveCard();
	const submitted: Action[] = [];
	card.onExecuteAction = (action) => submitted.push(action);
	card.parse(json);
	const root = card.render()!;
	document.body.append(root);
	return { card, root, submitted };
}

const blocks = 'p, div, td, th, dt, dd, li, button, label, legend, option, h1, h2, h3, br';

/** Words that can be seen, in order of the alphabet: where a label stands is a matter of looks. */
function words(root: Element): string[] {
	const copy = root.cloneNode(true) as Element;
	const invisible =
		'[hidden], [style*="display: none"], [style*="visibility: hidden"], option[hidden], .field-required, [role=alert], style';
	for (const node of copy.querySelectorAll(invisible)) node.remove();
	for (const block of copy.querySelectorAll(blocks)) block.append(' ');
	for (const block of copy.querySelectorAll(blocks)) block.prepend(' ');
	return (copy.textContent ?? '').split(/\s+/).filter(Boolean).sort();
}

let shown: Shown | undefined;
afterEach(async () => {
	await shown?.end();
	shown = undefined;
	document.body.replaceChildren();
});

const chosen = files.filter((file) => comparable(read(file)));

describe.skipIf(files.length === 0)(
	'beside the official renderer (skipped where the corpus is absent)',
	() => {
		test('most of the samples are compared', () => {
			expect(chosen.length).toBeGreaterThan(80);
		});

		test.each(chosen.filter((file) => !(file in apart)))('%s', async (file) => {
			const json = withVerbs(read(file)!);
			const theirs = official(json);
			shown = show(json);
			expect(words(shown.root)).toEqual(words(theirs.root));
			const controls = 'input:not([type=checkbox]):not([type=radio]), textarea, select';
			expect(shown.all(controls).length).toBe(theirs.root.querySelectorAll(controls).length);
			for (const kind of ['checkbox', 'radio']) {
				const selector = `input[type=${kind}]`;
				expect(shown.all(selector).length).toBe(theirs.root.querySelectorAll(selector).length);
			}
			await compareSubmit(theirs, shown);
		});
	}
);

async function compareSubmit(theirs: Official, ours: Shown): Promise<void> {
	const titles = [...new Set(topActions(theirs.card).map((action) => action.title ?? ''))];
	for (const title of titles) {
		const action = topActions(theirs.card).find((one) => one.title === title)!;
		theirs.submitted.length = 0;
		ours.calls.length = 0;
		action.execute();
		if (!ours.all('button').some((button) => button.textContent.trim() === title)) continue;
		await ours.press(title);
		const wanted = theirs.submitted[0] as SubmitAction | undefined;
		expect(plain(ours.calls[0]?.request)).toEqual(plain(wanted?.data));
	}
}

function topActions(card: AdaptiveCard): SubmitAction[] {
	return Array.from({ length: card.getActionCount() }, (_, at) => card.getActionAt(at)).filter(
		(action): action is SubmitAction => action instanceof SubmitAction
	);
}

/** As texts: ours has real numbers and booleans, and leaves empty fields out. */
function plain(data: unknown): Record<string, string> | undefined {
	if (data === undefined) return undefined;
	const entries = Object.entries(data as Record<string, unknown>).filter(
		([key, value]) => key !== 'verb' && value !== '' && value !== undefined
	);
	return Object.fromEntries(
		entries.map(([key, value]) => [key, typeof value === 'object' ? JSON.stringify(value) : String(value)])
	);
}
