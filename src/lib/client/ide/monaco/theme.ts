import type { MonacoParts } from './load.ts';

type Monaco = MonacoParts['monaco'];

/** Whether the page is dark now, by the person's choice or the system's. */
export function isDark(): boolean {
	const scheme = getComputedStyle(document.documentElement).colorScheme;
	if (scheme === 'dark' || scheme === 'light') return scheme === 'dark';
	return matchMedia('(prefers-color-scheme: dark)').matches;
}

/** Calls back at each change between light and dark; gives the function that ends it. */
export function onThemeChange(changed: () => void): () => void {
	const media = matchMedia('(prefers-color-scheme: dark)');
	const observer = new MutationObserver(changed);
	observer.observe(document.body, { subtree: true, attributes: true, attributeFilter: ['data-theme'] });
	media.addEventListener('change', changed);
	return () => {
		observer.disconnect();
		media.removeEventListener('change', changed);
	};
}

/** Monaco in the colours of the page, made of its design tokens. */
export function applyTheme(monaco: Monaco): void {
	const dark = isDark();
	const colour = tokenReader();
	monaco.editor.defineTheme('loam', {
		base: dark ? 'vs-dark' : 'vs',
		inherit: true,
		rules: [
			{ token: 'comment', foreground: colour('--ink-faint').slice(1), fontStyle: 'italic' },
			{ token: 'keyword', foreground: dark ? '86d1ab' : '27603f' },
			{ token: 'operator.sql', foreground: dark ? '86d1ab' : '27603f' },
			{ token: 'predefined.sql', foreground: dark ? '8dbdec' : '265d92' },
			{ token: 'string', foreground: dark ? 'e6ae82' : '8a4f20' },
			{ token: 'string.sql', foreground: dark ? 'e6ae82' : '8a4f20' },
			{ token: 'string.key.json', foreground: dark ? '8dbdec' : '265d92' },
			{ token: 'string.value.json', foreground: dark ? 'e6ae82' : '8a4f20' },
			{ token: 'number', foreground: dark ? 'e2a2cf' : '86396f' },
			{ token: 'type', foreground: dark ? '8dbdec' : '265d92' },
			{ token: 'type.identifier', foreground: dark ? '8dbdec' : '265d92' }
		],
		colors: {
			'editor.background': colour('--surface'),
			'editor.foreground': colour('--ink'),
			'editorLineNumber.foreground': `${colour('--ink-faint')}b0`,
			'editorLineNumber.activeForeground': colour('--ink-soft'),
			'editor.lineHighlightBackground': colour('--sunken'),
			'editor.lineHighlightBorder': '#00000000',
			'editorGutter.background': colour('--surface'),
			'widget.border': colour('--line-strong'),
			'widget.shadow': dark ? '#00000080' : '#32281430',
			'editorIndentGuide.background1': colour('--line'),
			'editorIndentGuide.activeBackground1': colour('--line-strong'),
			'editorWidget.background': colour('--raised'),
			'editorWidget.border': colour('--line'),
			'editorHoverWidget.background': colour('--raised'),
			'editorHoverWidget.border': colour('--line'),
			'editorSuggestWidget.background': colour('--raised'),
			'editorSuggestWidget.selectedBackground': colour('--accent-soft'),
			'editorSuggestWidget.selectedForeground': colour('--ink'),
			'editorStickyScroll.background': colour('--surface'),
			'quickInput.background': colour('--raised'),
			'quickInputList.focusBackground': colour('--accent-soft'),
			'quickInputList.focusForeground': colour('--ink'),
			...Object.fromEntries(
				[1, 2, 3, 4, 5, 6].map((i) => [`editorBracketHighlight.foreground${i}`, colour('--ink-soft')])
			),
			'scrollbarSlider.background': `${colour('--line-strong')}90`,
			'scrollbarSlider.hoverBackground': colour('--line-strong'),
			'scrollbarSlider.activeBackground': colour('--line-strong'),
			focusBorder: '#00000000',
			'list.focusOutline': '#00000000',
			'scrollbar.shadow': '#00000000',
			'editorOverviewRuler.border': '#00000000',
			'diffEditor.border': colour('--line')
		}
	});
	monaco.editor.setTheme('loam');
}

/** Reads a token as it shows now, as #rrggbb. */
function tokenReader(): (name: string) => string {
	const probe = document.createElement('span');
	return (name) => {
		probe.style.backgroundColor = `var(${name})`;
		document.body.append(probe);
		const parts = getComputedStyle(probe).backgroundColor.match(/[\d.]+/g) ?? ['0', '0', '0'];
		probe.remove();
		return `#${parts
			.slice(0, 3)
			.map((part) => Math.round(Number(part)).toString(16).padStart(2, '0'))
			.join('')}`;
	};
}
