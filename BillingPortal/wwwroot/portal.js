// What a page does in the browser itself: small, without a circuit, and a page still works if none of it runs.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The viewer's time zone, so that the server can write times as the viewer reads clocks. */
export const viewerZone = () => zone;

document.cookie = `zone=${encodeURIComponent(zone)};path=/;max-age=31536000;samesite=lax`;

/** Puts what a form has by now into the address, for sharing and for loading the page again. */
export const keepAddress = address => history.replaceState(history.state, '', address);

/** Opens a dialog over the page; the Escape key closes it and tells the component. */
export function showDialog(element, component) {
  if (!element.open) {
    element.showModal();
  }

  element.oncancel = event => {
    event.preventDefault();
    component.invokeMethodAsync('CancelAsync');
  };
}

// A connection that the server no longer knows cannot be resumed: the page is loaded again.
const reconnect = document.getElementById('components-reconnect-modal');
if (reconnect) {
  new MutationObserver(() => {
    if (reconnect.classList.contains('components-reconnect-rejected')) {
      location.reload();
    }
  }).observe(reconnect, { attributes: true, attributeFilter: ['class'] });
}

document.addEventListener('click', event => {
  const target = event.target.closest('a, button');
  if (!target) {
    return;
  }

  if (target.matches('.skip')) {
    event.preventDefault();
    document.getElementById('content')?.focus();
  } else if (target.matches('[data-copy]')) {
    copy(target);
  } else if (target.matches('[data-reload]')) {
    location.reload();
  } else if (target.matches('a')) {
    target.closest('[popover]:popover-open')?.hidePopover();
  }
});

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  const label = button.querySelector('[data-copy-label]');
  if (label && !label.dataset.before) {
    label.dataset.before = label.textContent;
    label.textContent = 'Copied';
    setTimeout(() => {
      label.textContent = label.dataset.before;
      delete label.dataset.before;
    }, 2000);
  }
}

// The theme changes at once; the server remembers it, and does the same alone where scripts do not run.
document.addEventListener('submit', async event => {
  const form = event.target;
  if (form.matches('[data-theme-form]') && event.submitter) {
    event.preventDefault();
    const body = new FormData(form, event.submitter);
    const chosen = body.get('theme');
    document.documentElement.dataset.theme = chosen;
    for (const button of document.querySelectorAll('[data-theme-form] button')) {
      button.setAttribute('aria-pressed', String(button.value === chosen));
    }

    await fetch(form.action, { method: 'POST', body, redirect: 'manual' });
  }
});
