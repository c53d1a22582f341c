-- Reads a JSON body strictly and compares it with the contract: no unknown field, no field twice, no wrong
-- kind of value, no more than 64 levels. What the path says, neither body nor query may say differently.
-- MESSAGES, written in front of this file, holds the contract's fields.

local MAX_DEPTH = 64
local find, sub, byte = string.find, string.sub, string.byte

local KINDS_OF_BYTE = { [34] = "string", [123] = "object", [91] = "list", [116] = "boolean", [102] = "boolean",
                        [110] = "null", [45] = "number" }
for digit = 48, 57 do KINDS_OF_BYTE[digit] = "number" end

local ACCEPTED = {
  string = { string = true },
  enum = { string = true, number = true },
  number = { number = true, string = true }, -- 64-bit numbers are strings in JSON
  boolean = { boolean = true },
  message = { object = true },
}

local function refuse(field, description)
  error({ field = field, description = description }, 0)
end

local function malformed(at)
  refuse("", "The body is not valid JSON: see character " .. at .. ".")
end

local function skip_space(text, at)
  return find(text, "[^ \t\r\n]", at) or #text + 1
end

-- Returns the place behind the closing quote.
local function skip_string(text, at)
  local from = at + 1
  while true do
    local stop = find(text, '["\\%z\1-\31]', from)
    local sign = stop and byte(text, stop)
    if sign == 34 then
      return stop + 1
    elseif sign == 92 and find(text, '^["\\/bfnrt]', stop + 1) then
      from = stop + 2
    elseif sign == 92 and find(text, "^u%x%x%x%x", stop + 1) then
      from = stop + 6
    else
      malformed(stop or #text)
    end
  end
end

local function read_word(text, at)
  local _, stop = find(text, "^[%w+.-]+", at)
  local word = sub(text, at, stop or at)
  local is_number = find(word, "^-?%d+%.?%d*[eE]?[+-]?%d*$") and not find(word, "^-?0%d") and find(word, "%d$")
  if word == "true" or word == "false" or word == "null" or is_number then
    return stop + 1
  end
  malformed(at)
end

local read_value

local function read_list(text, at, field, path, depth)
  at = skip_space(text, at + 1)
  if byte(text, at) == 93 then return at + 1 end
  local index, holds_text = 0, not field or ACCEPTED.string[field.kind]
  while true do
    if holds_text and byte(text, at) == 34 then -- in short, for there may be very many
      at = skip_string(text, at)
    else
      at = read_value(text, at, field, path .. "[" .. index .. "]", depth)
    end
    at = skip_space(text, at)
    index = index + 1
    local sign = byte(text, at)
    if sign == 93 then return at + 1 end
    if sign ~= 44 then malformed(at) end
    at = skip_space(text, at + 1)
  end
end

-- `fields` is nil where any field will do; `said` is what the request's path says about some of them.
local function read_object(text, at, fields, path, depth, said)
  local seen = {}
  at = skip_space(text, at + 1)
  if byte(text, at) == 125 then return at + 1 end
  while true do
    if byte(text, at) ~= 34 then malformed(at) end
    local behind = skip_string(text, at)
    local key = sub(text, at + 1, behind - 2) -- as written: no name of ours needs an escape
    at = behind
    local field_path = path == "" and key or path .. "." .. key
    local field = fields and fields[key]
    if fields and not field then refuse(field_path, "There is no such field.") end
    local name = field and field.name or key
    if seen[name] then refuse(field_path, "The field is given twice.") end
    seen[name] = true
    at = skip_space(text, at)
    if byte(text, at) ~= 58 then malformed(at) end
    at = skip_space(text, at + 1)
    if field and field.repeated and byte(text, at) ~= 110 then
      if byte(text, at) ~= 91 then refuse(field_path, "The value is not a list.") end
      if depth >= MAX_DEPTH then refuse(field_path, "The body is nested too deeply.") end
      at = read_list(text, at, field, field_path, depth + 1)
    else
      local from = at
      at = read_value(text, at, field, field_path, depth)
      if said and said[name] and sub(text, from, at - 1) ~= '"' .. said[name] .. '"' then
        refuse(field_path, "The path says otherwise.")
      end
    end
    at = skip_space(text, at)
    local sign = byte(text, at)
    if sign == 125 then return at + 1 end
    if sign ~= 44 then malformed(at) end
    at = skip_space(text, at + 1)
  end
end

-- `field` is nil where any value will do.
function read_value(text, at, field, path, depth)
  local kind = KINDS_OF_BYTE[byte(text, at)]
  if not kind then malformed(at) end
  if depth >= MAX_DEPTH then refuse(path, "The body is nested too deeply.") end
  local accepted = field and ACCEPTED[field.kind]
  if accepted and kind ~= "null" and not accepted[kind] then
    refuse(path, "The value is of the wrong type: " .. kind .. " instead of " .. field.kind .. ".")
  end
  if kind == "string" then
    return skip_string(text, at)
  elseif kind == "object" then
    return read_object(text, at, field and MESSAGES[field.message], path, depth + 1)
  elseif kind == "list" then
    return read_list(text, at, nil, path, depth + 1)
  end
  return read_word(text, at)
end

local function check_body(text, fields, said)
  local at = skip_space(text, 1)
  if byte(text, at) ~= 123 then refuse("", "The body is not a JSON object.") end
  at = skip_space(text, read_object(text, at, fields, "", 1, said))
  if at <= #text then malformed(at) end
end

local function decode(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

local function camel(name)
  return (name:gsub("_(%l)", string.upper))
end

-- Returns the values of the path's variables, by the JSON name of the field that each one fills.
local function read_path(path, context)
  local said, values = {}, { path:match(context:get("path")) }
  for variable in context:get("variables"):gmatch("[^,]+") do
    said[camel(variable)] = decode(table.remove(values, 1) or "")
  end
  return said
end

-- The query may only say what neither the path nor the body says.
local function check_query(query, body, said)
  for parameter in query:gmatch("[^&]+") do
    local name = decode(parameter:match("^[^=]*"))
    local key = camel(name)
    if said[key] then refuse(name, "The path says this already.") end
    if body == "*" or key == body or key:sub(1, #body + 1) == body .. "." then
      refuse(name, "This belongs in the body.")
    end
  end
end

-- Of `ticket.ticketId`, a body that stands for `ticket` sees `ticketId`.
local function seen_from(body, said)
  local seen = {}
  for key, value in pairs(said) do
    if body ~= "*" and key:sub(1, #body + 1) == body .. "." then key = key:sub(#body + 2) end
    seen[key] = value
  end
  return seen
end

local function check(handle, text)
  local context = handle:filterContext()
  local path, query = handle:headers():get(":path"):match("^([^?]*)%??(.*)$")
  local body, said = context:get("body"), read_path(path, context)
  check_query(query, camel(body), said)
  if text then
    local fields = MESSAGES[context:get("message")] or error("the route names no message")
    check_body(text, fields, seen_from(camel(body), said))
  end
end

local function is_json(content_type)
  return find(content_type:lower(), "^application/json%s*$") or find(content_type:lower(), "^application/json%s*;")
end

function envoy_on_request(handle)
  local text
  if handle:filterContext():get("message") ~= "" then
    local body = handle:body()
    local size = body and body:length() or 0
    if size > 0 then
      if not is_json(handle:headers():get("content-type") or "") then
        handle:respond({ [":status"] = "415" }, "The body's content-type must be application/json.")
        return
      end
      text = body:getBytes(0, size)
    end
  end
  local is_good, fault = pcall(check, handle, text)
  if not is_good then
    if type(fault) ~= "table" then error(fault, 0) end
    local metadata = handle:streamInfo():dynamicMetadata()
    metadata:set("helpdesk.request_check", "field", fault.field)
    metadata:set("helpdesk.request_check", "description", fault.description)
    local message = fault.field == "" and fault.description or fault.field .. ": " .. fault.description
    handle:respond({ [":status"] = "400" }, message)
  end
end
