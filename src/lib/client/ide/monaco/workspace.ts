import type { editor, IDisposable, IPosition } from 'monaco-editor/editor';
import type { Text } from '../draft/types.ts';
import { languageOf } from '../files/language.ts';
import { changedRange } from './changed-range.ts';
import type { MonacoParts } from './load.ts';

export interface Place {
	readonly path: string;
	/** From 1; the place where the cursor was unless told. */
	readonly line?: number;
	readonly column?: number;
}

export interface WorkspaceEvents {
	/** The author typed. */
	edited(path: string, text: string): void;
	/** Monaco wants another file: go to definition, a reference. */
	opened(place: Place): void;
}

/** One editor over a model a file; undo, cursor and scroll are kept for each. */
export interface Workspace {
	readonly editor: editor.IStandaloneCodeEditor;
	/** Makes a file known, so that types, definitions and markers reach it. A known file gets the text. */
	show(path: string, text: Text): void;
	/** Puts the file into the editor; undefined for none. */
	open(path: string | undefined): void;
	goTo(line: number, column: number): void;
	/** A file of no draft, to read only: generated types. */
	openReadOnly(path: string, text: string): void;
	model(path: string): editor.ITextModel | undefined;
	paths(): string[];
	dispose(): void;
}

const options: editor.IStandaloneEditorConstructionOptions = {
	automaticLayout: true,
	// Whoever has no mouse must learn how to get out again.
	ariaLabel: 'Editor. Control M (on a Mac Control Shift M) lets the Tab key leave it.',
	fontFamily: "ui-monospace, 'SF Mono', 'Cascadia Code', Menlo, 'DejaVu Sans Mono', monospace",
	fontSize: 13,
	lineHeight: 20,
	padding: { top: 10, bottom: 10 },
	minimap: { enabled: false },
	scrollBeyondLastLine: false,
	smoothScrolling: true,
	renderLineHighlightOnlyWhenFocus: true,
	insertSpaces: false,
	tabSize: 2,
	detectIndentation: true,
	fixedOverflowWidgets: true,
	bracketPairColorization: { enabled: false },
	guides: { indentation: true },
	overviewRulerLanes: 2,
	hideCursorInOverviewRuler: true,
	scrollbar: {
		verticalScrollbarSize: 10,
		horizontalScrollbarSize: 10,
		useShadows: false,
		// Where a scrollbar comes and goes the line numbers would stay behind the lines; the padding has room for it.
		ignoreHorizontalScrollbarInContentHeight: true
	},
	stickyScroll: { enabled: false },
	quickSuggestions: { strings: true, comments: false, other: true },
	'semanticHighlighting.enabled': false
};

export function createWorkspace(
	{ monaco }: MonacoParts,
	container: HTMLElement,
	events: WorkspaceEvents
): Workspace {
	const models = new Map<string, editor.ITextModel>();
	const views = new Map<string, editor.ICodeEditorViewState | null>();
	const disposables: IDisposable[] = [];
	const readOnly = new Set<string>();
	let current: string | undefined;
	let isShowing = false;

	const uriOf = (path: string) => monaco.Uri.from({ scheme: 'file', path: `/${path}` });
	const isNarrow = matchMedia('(max-width: 900px)').matches;
	const instance = monaco.editor.create(container, { ...options, wrappingIndent: 'indent', model: null });

	function create(path: string, text: string): void {
		const model = monaco.editor.createModel(text, languageOf(path), uriOf(path));
		model.onDidChangeContent(() => {
			if (!isShowing) events.edited(path, model.getValue());
		});
		models.set(path, model);
	}

	/** An edit rather than a new value: the cursor stays, and undo still knows what was there. */
	function replace(model: editor.ITextModel, text: string): void {
		const change = changedRange(model.getValue(), text);
		if (!change) return;
		const range = monaco.Range.fromPositions(
			model.getPositionAt(change.start),
			model.getPositionAt(change.end)
		);
		model.pushStackElement();
		model.pushEditOperations([], [{ range, text: change.text }], () => null);
		model.pushStackElement();
	}

	function remove(path: string): void {
		if (current === path) open(undefined);
		models.get(path)?.dispose();
		models.delete(path);
		views.delete(path);
	}

	function show(path: string, text: Text): void {
		isShowing = true;
		try {
			const model = models.get(path);
			if (text === null) remove(path);
			else if (model) replace(model, text);
			else create(path, text);
		} finally {
			isShowing = false;
		}
	}

	function open(path: string | undefined): void {
		if (path === current && path !== undefined) return;
		if (current !== undefined) views.set(current, instance.saveViewState());
		current = path;
		instance.setModel((path !== undefined && models.get(path)) || null);
		instance.updateOptions({
			readOnly: path !== undefined && readOnly.has(path),
			wordWrap: isNarrow || /\.(?:sql|md)$/.test(path ?? '') ? 'on' : 'off'
		});
		const view = path === undefined ? undefined : views.get(path);
		if (view) instance.restoreViewState(view);
	}

	disposables.push(
		monaco.editor.registerEditorOpener({
			openCodeEditor(_source, resource, at) {
				if (resource.scheme !== 'file') return false;
				const position = at && ('startLineNumber' in at ? toPosition(at) : at);
				events.opened({
					path: resource.path.slice(1),
					...(position ? { line: position.lineNumber, column: position.column } : {})
				});
				return true;
			}
		})
	);

	return {
		editor: instance,
		show,
		open,
		goTo(line, column) {
			instance.setPosition({ lineNumber: line, column });
			instance.revealLineInCenterIfOutsideViewport(line);
		},
		openReadOnly(path, text) {
			readOnly.add(path);
			show(path, text);
			open(path);
		},
		model: (path) => models.get(path),
		paths: () => [...models.keys()],
		dispose() {
			for (const disposable of disposables) disposable.dispose();
			instance.dispose();
			for (const model of models.values()) model.dispose();
		}
	};
}

function toPosition(range: { startLineNumber: number; startColumn: number }): IPosition {
	return { lineNumber: range.startLineNumber, column: range.startColumn };
}
