import { fileKind, fileLimits, type FileKind } from '#engine/module';

/** One section of the file tree: the files of one kind. */
export interface Section {
	readonly kind: FileKind;
	readonly title: string;
	/** Said where there are none yet. */
	readonly empty: string;
	readonly files: readonly TreeFile[];
	/** Whether the author can add one. */
	readonly open: boolean;
}

export interface TreeFile {
	readonly path: string;
	/** Within its section: `tickets/[id]`. */
	readonly name: string;
	/** The rest of the file's name: `.page.json`. */
	readonly ending: string;
}

interface SectionSpec {
	readonly kind: FileKind;
	readonly title: string;
	readonly folder: string;
	readonly ending: string;
	readonly empty: string;
	/** Kept with the module and read by nothing yet: shown where there are such files, never offered. */
	readonly dormant?: true;
}

export const sections: readonly SectionSpec[] = [
	{
		kind: 'page',
		title: 'Pages',
		folder: 'pages/',
		ending: '.page.json',
		empty: 'This module has no pages yet: create one.'
	},
	{
		kind: 'view',
		title: 'Views',
		folder: 'views/',
		ending: '.sql',
		empty: 'No views yet. A view is a SELECT that is kept live.'
	},
	{
		kind: 'logic',
		title: 'Logic',
		folder: 'logic/',
		ending: '.ts',
		empty: 'No handlers yet. A handler runs a command.'
	},
	{
		kind: 'migration',
		title: 'Migrations',
		folder: 'migrations/',
		ending: '.sql',
		empty: 'No migrations yet.'
	},
	{
		kind: 'locale',
		title: 'Translations',
		folder: 'locales/',
		ending: '.json',
		empty: '',
		dormant: true
	},
	{ kind: 'seed', title: 'Seeds', folder: 'seeds/', ending: '.json', empty: 'No demo data yet.' },
	{ kind: 'test', title: 'Tests', folder: 'tests/', ending: '.test.ts', empty: '', dormant: true }
];

/** The files by kind; module.json, schema.proto and whatever fits nowhere come first. */
export function treeOf(paths: Iterable<string>): Section[] {
	const byKind = new Map<FileKind, string[]>();
	for (const path of [...paths].sort()) {
		const kind = sectionOf(path)?.kind ?? 'text';
		byKind.set(kind, [...(byKind.get(kind) ?? []), path]);
	}
	const main: Section = {
		kind: 'manifest',
		title: 'Module',
		empty: '',
		files: (byKind.get('text') ?? []).map((path) => ({ path, name: path, ending: '' })),
		open: false
	};
	const shown = sections.filter(({ kind, dormant }) => !dormant || byKind.has(kind));
	const rest = shown.map(({ kind, title, folder, ending, empty, dormant }) => ({
		kind,
		title,
		empty,
		files: (byKind.get(kind) ?? []).map((path) => ({
			path,
			name: path.slice(folder.length, -ending.length),
			ending
		})),
		open: !dormant
	}));
	return [main, ...rest];
}

export function sectionOf(path: string): SectionSpec | undefined {
	const kind = fileKind(path);
	return sections.find((section) => section.kind === kind);
}

/** The path of a new file of a kind; `name` is what the author typed, with or without folder and ending. */
export function pathOf(kind: FileKind, name: string): string {
	const spec = sections.find((section) => section.kind === kind);
	const typed = name.trim();
	if (!spec) return typed;
	const withFolder = typed.startsWith(spec.folder) ? typed : spec.folder + typed.replace(/^\/+/, '');
	return withFolder.endsWith(spec.ending) ? withFolder : withFolder + spec.ending;
}

/** What keeps a text from naming a file of a kind; undefined where it can. */
export function nameProblem(kind: FileKind, name: string, taken: ReadonlySet<string>): string | undefined {
	if (name.trim() === '') return 'Give it a name.';
	const path = pathOf(kind, name);
	if (taken.has(path)) return `${path} is there already.`;
	if (path.length > fileLimits.path) return `At most ${fileLimits.path} characters, with folder and ending.`;
	return fileKind(path) === kind ? undefined : nameRules[kind];
}

const lower = 'Use lower case letters, digits and underscores, beginning with a letter.';
const nameRules: Readonly<Record<FileKind, string>> = {
	manifest: 'The file is called module.json.',
	schema: 'The file is called schema.proto.',
	migration: 'Four digits, then words: 0002_add_points.',
	view: lower,
	logic: 'Use lower case letters, digits, underscores and dashes.',
	page: 'Lower case words, folders with /, and parameters in brackets: tickets/[id].',
	locale: 'A language: en, de, pt-BR.',
	seed: lower,
	test: 'Use lower case letters, digits, underscores and dashes.',
	text: 'README.md, LICENSE.md or CHANGELOG.md.'
};
