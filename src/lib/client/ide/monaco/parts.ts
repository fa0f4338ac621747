// Monaco's public entry points since 0.56; the older `monaco-editor/esm/vs/…` paths don't build.
import * as monaco from 'monaco-editor/editor';
import 'monaco-editor/features/register.all';
import 'monaco-editor/languages/definitions/markdown/register';
import 'monaco-editor/languages/definitions/pgsql/register';
import 'monaco-editor/languages/definitions/protobuf/register';
import 'monaco-editor/languages/definitions/typescript/register';
import * as json from 'monaco-editor/languages/features/json/register';
import * as typescript from 'monaco-editor/languages/features/typescript/register';
import EditorWorker from 'monaco-editor/editor/editor.worker?worker';
import JsonWorker from 'monaco-editor/language/json/json.worker?worker';
import TypeScriptWorker from 'monaco-editor/language/typescript/ts.worker?worker';
import './monaco.css';
import type { MonacoParts } from './load.ts';

const workers: Readonly<Record<string, new () => Worker>> = {
	json: JsonWorker,
	typescript: TypeScriptWorker,
	javascript: TypeScriptWorker
};

self.MonacoEnvironment = {
	getWorker: (_moduleId: string, label: string) => new (workers[label] ?? EditorWorker)()
};

export const parts: MonacoParts = { monaco, json, typescript };
