import { SvelteMap } from 'svelte/reactivity';
import { fileKind, parseManifest, withVersion, type FileKind } from '#engine/module';
import { toAppError, type AppError, type Diagnostic, type Fix } from '#kernel';
import type { BuilderApi, OpenDraft, Release, Report } from './api.ts';
import { checkInstantly, checkTogether } from './checks/instant.ts';
import { gateAlone, mergeProblems, oncePerLine } from './checks/problems.ts';
import { Draft } from './draft/draft.svelte.ts';
import { createKeep } from './draft/keep.ts';
import { listenToTabs, type Tabs } from './draft/tabs.ts';
import type { Changes } from './draft/types.ts';
import { emptyOutline, readOutline, type Outline } from './files/outline.ts';
import { templateOf, type TemplateContext } from './files/templates.ts';
import type { Place } from './monaco/workspace.ts';
import { readOpenTabs, writeOpenTabs } from './open-tabs.ts';

export interface WorkbenchOptions {
	readonly api: BuilderApi;
	/** `org/project` */
	readonly project: string;
	readonly module: string;
	readonly opened: OpenDraft;
	/** Of this page load. */
	readonly tab: string;
}

export type Panel = 'files' | 'editor' | 'preview' | 'problems';
export type SidePanel = 'preview' | 'plan' | 'releases' | 'publish';

/** A file is looked at when the typing pauses for so long: soon enough to help, and never in its way. */
const lookMs = 120;

/** Everything the builder's screen shows, and what can be done there. */
export class Workbench {
	readonly project: string;
	readonly module: string;
	readonly api: BuilderApi;
	readonly draftId: string;
	readonly draft: Draft;

	/** Open files, in the order of their tabs. */
	tabs = $state.raw<readonly string[]>([]);
	active = $state<string>();
	/** On a narrow screen one panel is shown. */
	panel = $state<Panel>('editor');
	side = $state<SidePanel>('preview');
	/** The view's file whose plan is shown; undefined: all of them. */
	planned = $state<string>();

	/** Of the last answer of the gate. */
	gate = $state.raw<readonly Diagnostic[]>([]);
	isChecking = $state(false);
	/** The gate has answered at least once. */
	wasChecked = $state(false);
	/** The check itself failed: the server wasn't reached. */
	checkError = $state.raw<AppError>();
	/** What TypeScript in the editor says. */
	types = $state.raw<readonly Diagnostic[]>([]);
	sdk = $state.raw('');

	report = $state.raw<Report>();
	/** The files that the report is about. */
	#reported = $state.raw<ReadonlyMap<string, string>>(new Map());
	publishError = $state.raw<AppError>();
	isPublishing = $state(false);
	releases = $state.raw<readonly Release[]>();

	/** Raised when the server's copy of the draft has changed: the preview looks again. */
	savedRevision = $state(0);
	outline = $state.raw<Outline>(emptyOutline);

	/** Set by the editor. */
	onShow: (changes: Changes) => void = () => {};
	onGoTo: (place: Place) => void = () => {};

	readonly #instant = new SvelteMap<string, readonly Diagnostic[]>();
	readonly #tabs: Tabs;
	#checkedRevision = -1;
	#sdkSchema: string | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;
	readonly #looks = new Map<string, ReturnType<typeof setTimeout>>();

	/** Looked at with the files that were typed in. */
	together = $state.raw<readonly Diagnostic[]>([]);
	readonly instant = $derived([...[...this.#instant.values()].flat(), ...this.together]);
	/** Each at its place. */
	readonly problems = $derived(mergeProblems(this.instant, this.types, this.gate));
	/** The same as they are listed. */
	readonly listed = $derived(oncePerLine(this.problems));
	constructor({ api, project, module, opened, tab }: WorkbenchOptions) {
		this.api = api;
		this.project = project;
		this.module = module;
		this.draftId = opened.draft;
		this.#tabs = listenToTabs(opened.draft, (revision) => this.draft.heard(revision));
		this.draft = new Draft({
			server: {
				put: (base, changes, signal) => api.put(opened.draft, base, changes, signal),
				get: (signal) => api.files(opened.draft, signal)
			},
			keep: createKeep(opened.draft, tab),
			revision: opened.revision,
			files: opened.files,
			announce: (revision) => this.#tabs.tell(revision),
			show: (changes) => this.#shown(changes)
		});
		for (const [path, text] of opened.files) this.#look(path, text);
		this.#restoreTabs();
	}

	/** What people read, as the draft calls it. */
	get title(): string {
		return parseManifest(this.draft.files.get('module.json') ?? '').value?.title || this.module;
	}

	/** The draft has changed since: what the report found may not be there any more. */
	get isReportOld(): boolean {
		return this.report !== undefined && !areSame(this.#reported, this.draft.files);
	}

	/** The author typed in the editor. */
	typed(path: string, text: string): void {
		this.draft.edit(new Map([[path, text]]));
		clearTimeout(this.#looks.get(path));
		this.#looks.set(
			path,
			setTimeout(() => this.#look(path, this.draft.files.get(path) ?? null), lookMs)
		);
	}

	open(place: Place): void {
		if (!this.tabs.includes(place.path)) this.tabs = [...this.tabs, place.path];
		this.active = place.path;
		this.panel = 'editor';
		this.#rememberTabs();
		this.onGoTo(place);
	}

	close(path: string): void {
		const at = this.tabs.indexOf(path);
		this.tabs = this.tabs.filter((tab) => tab !== path);
		if (this.active === path) this.active = this.tabs[Math.min(at, this.tabs.length - 1)];
		this.#rememberTabs();
	}

	create(path: string, kind: FileKind): void {
		this.#change(new Map([[path, templateOf(path, kind, this.templateContext())]]));
		this.open({ path });
	}

	createWith(path: string, text: string): void {
		this.#change(new Map([[path, text]]));
		this.open({ path });
	}

	/** Another text for a file, as by an edit: undo knows what was there. */
	replace(path: string, text: string): void {
		if (this.draft.files.get(path) !== text) this.#change(new Map([[path, text]]));
	}

	rename(from: string, to: string): void {
		const text = this.draft.files.get(from);
		if (text === undefined) return;
		const wasActive = this.active === from;
		// First the tabs: a file that goes takes its tab along.
		this.tabs = this.tabs.map((tab) => (tab === from ? to : tab));
		if (wasActive) this.active = to;
		this.#change(
			new Map<string, string | null>([
				[to, text],
				[from, null]
			])
		);
		this.#rememberTabs();
	}

	remove(path: string): void {
		this.#change(new Map([[path, null]]));
		this.close(path);
	}

	/** Both versions are known; this one stays. */
	resolve(path: string, text: string | null): void {
		this.draft.resolve(path, text);
	}

	/** The author edits the own version while both are shown; it still waits for the decision. */
	mergedByHand(path: string, text: string): void {
		this.#change(new Map([[path, text]]));
	}

	templateContext(): TemplateContext {
		const { files } = this.draft;
		return { outline: this.outline, paths: [...files.keys()] };
	}

	/** Called whenever the draft's status or revision may have moved. */
	saved(revision: number): void {
		if (revision === this.#checkedRevision) return;
		this.savedRevision = revision;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.check(), 100);
	}

	/** Asks the gate; one question at a time, and again when the draft moved on meanwhile. */
	async check(): Promise<void> {
		if (this.isChecking) return;
		this.isChecking = true;
		try {
			const { revision, diagnostics } = await this.api.check(this.draftId);
			this.#checkedRevision = revision;
			this.#takeGate(diagnostics);
			this.wasChecked = true;
			this.checkError = undefined;
			if (revision > this.draft.revision) this.draft.heard(revision);
			await this.#refreshSdk();
		} catch (error) {
			this.checkError = toAppError(error);
		} finally {
			this.isChecking = false;
		}
		const isBehind = this.draft.revision > this.#checkedRevision && !this.checkError;
		if (isBehind && this.draft.status.kind === 'saved') void this.check();
	}

	/** The gate's words on a broken schema are better than those found at once, and take their place. */
	#takeGate(diagnostics: readonly Diagnostic[]): void {
		if (diagnostics.some((found) => found.file === 'schema.proto')) this.#instant.delete('schema.proto');
		this.gate = gateAlone(diagnostics, [...this.instant, ...this.types]);
	}

	/** The fix was applied: its findings go before the gate has looked again. */
	mended(fix: Fix): void {
		const key = JSON.stringify(fix);
		this.gate = this.gate.filter((found) => JSON.stringify(found.fix) !== key);
	}

	async #refreshSdk(): Promise<void> {
		const schema = this.draft.files.get('schema.proto') ?? '';
		if (schema === this.#sdkSchema) return;
		const types = await this.api.sdk(this.draftId);
		// A schema that doesn't compile has no types: the last good ones stay.
		if (types !== '') this.sdk = types;
		this.#sdkSchema = schema;
	}

	/** Saves everything, then publishes exactly that. */
	async publish(): Promise<void> {
		if (this.isPublishing) return;
		this.isPublishing = true;
		this.side = 'publish';
		this.panel = 'preview';
		this.report = undefined;
		this.publishError = undefined;
		try {
			const revision = await this.draft.save();
			const { files } = this.draft;
			const report = await this.api.publish(this.draftId, revision);
			this.#reported = files;
			this.report = report;
			this.#takeGate(report.diagnostics);
			if (report.release) this.#takeVersion(report.release.version);
			if (report.ok) await this.loadReleases();
		} catch (error) {
			this.publishError = toAppError(error);
			if (this.publishError.code === 'aborted') this.draft.heard();
		} finally {
			this.isPublishing = false;
		}
	}

	/** The release has the next free version where the draft's was taken: the draft follows, as by an edit. */
	#takeVersion(version: string): void {
		const named = (files: ReadonlyMap<string, string>) => {
			const text = files.get('module.json') ?? '';
			const own = parseManifest(text).value?.version;
			return own === undefined || own === version ? undefined : withVersion(text, version);
		};
		const reported = named(this.#reported);
		if (reported !== undefined) this.#reported = new Map(this.#reported).set('module.json', reported);
		const text = named(this.draft.files);
		if (text !== undefined && !this.draft.conflicts.has('module.json'))
			this.#change(new Map([['module.json', text]]));
	}

	async loadReleases(): Promise<void> {
		this.releases = await this.api.releases(this.project, this.module);
	}

	dispose(): void {
		clearTimeout(this.#timer);
		for (const timer of this.#looks.values()) clearTimeout(timer);
		this.draft.close();
		this.#tabs.close();
	}

	/** Changes that the editor has to be shown. */
	#change(changes: Changes): void {
		this.draft.edit(changes);
		this.#shown(changes);
	}

	#shown(changes: Changes): void {
		for (const [path, text] of changes) this.#look(path, text);
		this.onShow(changes);
		const gone = [...changes].filter(([, text]) => text === null).map(([path]) => path);
		for (const path of gone) if (this.tabs.includes(path)) this.close(path);
	}

	#look(path: string, text: string | null): void {
		this.#looks.delete(path);
		this.together = checkTogether(this.draft.files);
		const found = text === null ? [] : checkInstantly(path, text);
		if (found.length > 0) this.#instant.set(path, found);
		else this.#instant.delete(path);
		if (fileKind(path) !== 'schema') return;
		const result = readOutline(text ?? '');
		if ('outline' in result) this.outline = result.outline;
		else this.gate = this.gate.filter((one) => one.file !== 'schema.proto');
	}

	#rememberTabs(): void {
		writeOpenTabs(this.draftId, { tabs: this.tabs, active: this.active });
	}

	#restoreTabs(): void {
		const { files } = this.draft;
		const kept = readOpenTabs(this.draftId);
		const tabs = kept.tabs.filter((path) => files.has(path));
		const first = ['pages/index.page.json', 'schema.proto', 'module.json'].find((path) => files.has(path));
		this.tabs = tabs.length > 0 ? tabs : first ? [first] : [];
		this.active = kept.active !== undefined && tabs.includes(kept.active) ? kept.active : this.tabs[0];
	}
}

function areSame(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
	return a.size === b.size && [...a].every(([path, text]) => b.get(path) === text);
}
