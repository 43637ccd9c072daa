import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/now.css';
import './styles/detail.css';
import './styles/worker.css';
import './styles/access.css';
import './styles/post.css';
import './styles/narrow.css';
import { mount } from 'svelte';
import App from './App.svelte';

mount(App, { target: document.getElementById('app')! });
