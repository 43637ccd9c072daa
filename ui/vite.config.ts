import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// Static files with hashed names, served by the program itself. The style sheets use light-dark(),
// so the targets are the first browsers that know it.
export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: 'dist',
    target: ['chrome123', 'firefox121', 'safari17.5'],
    cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: { proxy: { '/api': process.env.TOCSIN_URL ?? 'http://127.0.0.1:9640' } },
});
