import type { editor } from 'monaco-editor/editor';
import type { Diagnostic } from '#kernel';
import type { MonacoParts } from './load.ts';
import type { Workspace } from './workspace.ts';

const owner = 'loam';

/** Marks the problems in their files. A finding without an end marks its word, or its line. */
export function markProblems(
	{ monaco }: MonacoParts,
	workspace: Workspace,
	problems: readonly Diagnostic[]
): void {
	const byFile = Map.groupBy(problems, (problem) => problem.file);
	for (const path of workspace.paths()) {
		const model = workspace.model(path);
		if (!model) continue;
		const markers = (byFile.get(path) ?? []).map((problem) => markerOf(monaco, model, problem));
		monaco.editor.setModelMarkers(model, owner, markers);
	}
}

/** What a mark says: what is wrong, then what to do. */
export function messageOf({ message, hint }: Diagnostic): string {
	return hint ? `${message}\n${hint}` : message;
}

function markerOf(
	monaco: MonacoParts['monaco'],
	model: editor.ITextModel,
	problem: Diagnostic
): editor.IMarkerData {
	const line = Math.min(problem.line, model.getLineCount());
	const column = Math.min(problem.column, model.getLineMaxColumn(line));
	const end = endOf(model, problem, line, column);
	return {
		severity: problem.severity === 'error' ? monaco.MarkerSeverity.Error : monaco.MarkerSeverity.Warning,
		message: messageOf(problem),
		source: problem.reason,
		startLineNumber: line,
		startColumn: end.startColumn ?? column,
		endLineNumber: end.line,
		endColumn: end.column
	};
}

function endOf(
	model: editor.ITextModel,
	problem: Diagnostic,
	line: number,
	column: number
): { line: number; column: number; startColumn?: number } {
	if (problem.endLine !== undefined && problem.endColumn !== undefined) {
		const endLine = Math.min(problem.endLine, model.getLineCount());
		const endColumn = Math.min(problem.endColumn, model.getLineMaxColumn(endLine));
		if (endLine > line || endColumn > column) return { line: endLine, column: endColumn };
	}
	const word = model.getWordAtPosition({ lineNumber: line, column });
	if (word && word.endColumn > column) return { line, column: word.endColumn };
	const first = model.getLineFirstNonWhitespaceColumn(line) || 1;
	return { line, column: model.getLineMaxColumn(line), startColumn: Math.min(first, column) };
}
