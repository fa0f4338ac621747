import type { editor, IDisposable, languages } from 'monaco-editor/editor';
import type { Diagnostic } from '#kernel';
import { titleOf } from '../fixes/titles.ts';
import type { MonacoParts } from './load.ts';
import { messageOf } from './markers.ts';

/** Offers the fixes of findings at their marks: as a light bulb, and in the hover. */
export function offerFixes(
	{ monaco }: MonacoParts,
	problems: () => readonly Diagnostic[],
	apply: (problem: Diagnostic) => void
): IDisposable[] {
	const command = 'loam.fix';
	const fixable = (model: editor.ITextModel, marker: editor.IMarkerData) =>
		problems().find(
			(problem) =>
				problem.fix &&
				`/${problem.file}` === model.uri.path &&
				problem.line === marker.startLineNumber &&
				messageOf(problem) === marker.message
		);
	return [
		monaco.editor.registerCommand(command, (_, problem: Diagnostic) => apply(problem)),
		monaco.languages.registerCodeActionProvider('*', {
			provideCodeActions(model, _range, { markers }) {
				const actions = markers.flatMap((marker): languages.CodeAction[] => {
					const problem = fixable(model, marker);
					if (!problem?.fix) return [];
					const title = titleOf(problem.fix);
					return [
						{
							title,
							kind: 'quickfix',
							diagnostics: [marker],
							isPreferred: true,
							command: { id: command, title, arguments: [problem] }
						}
					];
				});
				return { actions, dispose() {} };
			}
		})
	];
}
