-- One session of bpfvet's language server in Neovim: diagnostic, related location, hover, lens, quick fix, and the diagnostic
-- gone once the object is rebuilt. Environment: BPFVET the binary, FOLDER a workspace with mixed.bpf.c and mixed.bpf.o, GOOD an
-- object that loads.
local bpfvet, folder, good = vim.env.BPFVET, vim.env.FOLDER, vim.env.GOOD
local function fail(words) io.stderr:write(words .. "\n"); vim.cmd("cquit 1") end
local function wait(what, ms, done)
  local begun = vim.uv and vim.uv.hrtime() or vim.loop.hrtime()
  if not vim.wait(ms, done, 5) then fail("no " .. what .. " within " .. ms .. " ms") end
  local now = vim.uv and vim.uv.hrtime() or vim.loop.hrtime()
  return math.floor((now - begun) / 1e6)
end

vim.cmd("edit " .. vim.fn.fnameescape(folder .. "/mixed.bpf.c"))
local buffer = vim.api.nvim_get_current_buf()
-- Debian 12 has Neovim 0.7, which starts and attaches in two steps.
local config = { name = "bpfvet", cmd = { bpfvet, "lsp" }, root_dir = folder }
local id = vim.lsp.start and vim.lsp.start(config) or vim.lsp.start_client(config)
vim.lsp.buf_attach_client(buffer, id)
local function found() return vim.diagnostic.get(buffer) end
local first = wait("diagnostic", 20000, function() return #found() > 0 end)
local diagnostic
for _, d in ipairs(found()) do if d.code == "mem-packet-range" then diagnostic = d end end
if not diagnostic or diagnostic.lnum ~= 14 then fail("the diagnostic is not where it should be") end
local related = diagnostic.user_data.lsp.relatedInformation
if not related or #related < 1 then fail("no related location") end

local client = vim.lsp.get_client_by_id(id)
local function ask(method, params)
  local answer = client.request_sync(method, params, 20000, buffer)
  if not answer or answer.err then fail(method .. " is not answered") end
  return answer.result
end
local document = { uri = vim.uri_from_bufnr(buffer) }
local at = { line = 14, character = 9 }
local hover = ask("textDocument/hover", { textDocument = document, position = at })
if not hover or not hover.contents.value:find("instructions processed") then fail("no hover") end
local lenses = ask("textDocument/codeLens", { textDocument = document })
if #lenses < 1 then fail("no lens") end
local actions = ask("textDocument/codeAction", { textDocument = document, range = { start = at, ["end"] = at }, context = { diagnostics = {} } })
if #actions < 1 then fail("no quick fix") end
local before = vim.api.nvim_buf_line_count(buffer)
vim.lsp.util.apply_workspace_edit(actions[1].edit, client.offset_encoding)
if vim.api.nvim_buf_line_count(buffer) ~= before + 1 then fail("the quick fix changes nothing") end

vim.loop.fs_copyfile(good, folder .. "/mixed.bpf.o")
local gone = wait("end of the diagnostic", 5000, function() return #found() == 0 end)
print(string.format("first diagnostic after %d ms, gone %d ms after the rebuild; %d related, %d lenses, %d fixes", first, gone, #related, #lenses, #actions))
io.stdout:write("\n")
vim.cmd("qall!")
