"""What the commands say on a terminal, and how. Standard library only, and Python 3.6 can read it.

Every line that a person may meet here is Chinese and ends in what to do.
"""

import os
import shutil
import sys
import unicodedata

PYTHON_TOO_OLD = (
    "需要 Python 3.11 或更新的版本，这里只有 {found}。"
    "请安装后再运行（Debian/Ubuntu：apt install python3.11 python3.11-venv；macOS：brew install python@3.13）"
)
NOT_ON_WINDOWS = "Windows 上请在 WSL（Ubuntu）里运行同一条命令"
NO_VENV = "这份 Python 不能创建虚拟环境。请先安装 venv（Debian/Ubuntu：apt install python{version}-venv），再运行一次"
VENV_FAILED = "虚拟环境没有建成：{reason}。请检查 {folder} 是否可写，再运行一次"
DISK_FULL = "磁盘空间不够：{folder} 所在的磁盘还剩 {free} GB，安装依赖约需 {needed} GB。请清理后再运行一次"
DISK_FULL_MIDWAY = "安装到一半磁盘满了。请腾出约 {needed} GB 再运行一次"
NO_NETWORK = "连不上软件包源，依赖没有装上。请检查网络或代理（HTTPS_PROXY）、镜像（PIP_INDEX_URL），再运行一次"
CERTIFICATE = "软件包源的证书没有通过验证。请检查系统时间和公司代理的根证书（PIP_CERT），再运行一次"
NO_RELEASE = "软件包源里没有适合这台机器的 {package}。请换完整的软件包源，或改用 Python 3.11–3.12（64 位 Linux、macOS）"
NOT_BUILT = "{package} 没有现成的安装包，现场编译也没成功。请换完整的软件包源，或改用 Python 3.11–3.12"
NOT_ALLOWED = "没有写入 {folder} 的权限。请用这个目录的所有者运行，或改目录权限"
NOT_INSTALLED = "依赖没有装上：{reason}。详情见 {log}；处理后再运行一次"
NOT_ENTERED = "{folder} 里的 Python 不能用。请删除这个目录，再运行一次"
INTERRUPTED = "已中断。再运行一次会重新安装"

MAKING_VENV = "创建虚拟环境 .venv"
INSTALLING = "安装依赖（首次要几分钟，之后不再装）"
INSTALLING_TESTS = "安装依赖和测试工具（首次要几分钟，之后不再装）"
INSTALLED = "环境就绪，用时 {seconds} 秒"
WAITING = "另一个进程正在安装环境，等它装完"

SECONDS = "{seconds} 秒"
RASA_STEPS = {
    "waiting for another process": "另一个进程正在安装 Rasa 的环境，等它装完",
    "looking for a Python": "准备 Rasa 的环境 .venv-rasa：查找 Python 3.8–3.10",
    "downloading a Python": "下载 Rasa 用的 Python 3.10",
    "making an environment": "创建 Rasa 的环境 .venv-rasa",
    "installing packages": "安装 Rasa（首次要几分钟，占 2.7 GB，之后不再装）",
}
RASA_INSTALLED = "Rasa 的环境就绪，用时 {seconds} 秒"
RASA_STAGES = {"model": "训练 Rasa（条目或配置有改动时才训练，约一两分钟）", "starting": "启动 Rasa"}
RASA_STARTED = "Rasa 就绪，等了 {seconds} 秒"
RASA_MISSING = {
    "no-python": "没有 Rasa 要的 Python 3.8–3.10，也没能下载。请安装 Python 3.10（如 pyenv install 3.10）再运行一次",
    "no-disk": "磁盘空间不够装 Rasa（{detail}）。请清理后再运行一次",
    "no-network": "连不上软件包源，Rasa 没有装上。请检查网络或代理（HTTPS_PROXY）、镜像（PIP_INDEX_URL），再运行一次",
    "not-installed": "Rasa 没有装上（{detail}）。处理后再运行一次",
    "not-trained": "Rasa 没有训练成功（{detail}）。稍后会自动再试",
    "not-started": "Rasa 没有启动成功（{detail}）。稍后会自动再试",
}
RASA_MEANWHILE = "；现在由自带的对话引擎应答，其余功能照常（不想用 Rasa 可加 --no-rasa）"
RASA_NOT_TESTED = "要用 Rasa 的测试没有运行：{reason}"
DIALOGUES = {
    "ready": "Rasa",
    "model": "Rasa 正在训练，暂由自带引擎应答",
    "starting": "Rasa 正在启动，暂由自带引擎应答",
    "failed": "Rasa 没有启动成功，正在重试，暂由自带引擎应答",
    "stopped": "Rasa 已停止，由自带引擎应答",
    "resting": "Rasa 连续出错，停用几秒，暂由自带引擎应答",
    "no-rasa": "自带引擎（没有要用 Rasa）",
    "no-python": "没有 Rasa 要的 Python，由自带引擎应答",
    "no-disk": "磁盘空间不够装 Rasa，由自带引擎应答",
    "no-network": "没有网络装 Rasa，由自带引擎应答",
    "not-installed": "Rasa 没有装上，由自带引擎应答",
    "to-install": "Rasa 还没有安装，python3 -m bot up 会装",
    "stale": "Rasa 的环境与当前版本不一致，python3 -m bot up 会重装",
    "to-train": "Rasa 已安装；模型还没有训练，或条目有改动，python3 -m bot up 会训练",
    "trained": "Rasa 已安装，模型是最新的",
}
LIBRARY = "{count} 条条目"
LIBRARY_EMPTY = "还没有发布条目"

HELP = {
    "about": "商答：支付公司的商户客服机器人",
    "up": "启动服务并打印网址（首次会安装依赖和 Rasa、导入自带条目、训练）",
    "host": "监听地址，默认取 BOT_HOST 或 127.0.0.1",
    "port": "监听端口，默认取 BOT_PORT 或 8080",
    "ask": "从标准输入逐行读问题，逐行输出 JSON 结论",
    "no-rasa": "不安装、不启动 Rasa，只用自带的对话引擎",
    "settings": "查看和修改机构设置（营业时间、菜单路径、联系方式等）",
    "list": "列出全部设置",
    "get": "输出一项设置",
    "set": "修改一项设置；文字直接写，其他写 JSON",
    "name": "设置的名称",
    "value": "新的值",
    "default": "恢复默认",
    "doctor": "检查运行环境、磁盘、语义模型、数据库和索引",
    "test": "运行全部测试；其余参数交给 pytest",
}
OPENING = "打开数据库与知识库"
PREPARING = {"entries": "导入自带条目", "index": "建立检索索引", "calibration": "校准置信度"}
RUNNING_ALREADY = "商答已经在运行：{url}/demo"
PORT_TAKEN = "端口 {port} 被别的程序占用。请换一个：python3 -m bot up --port {other}"
PORT_SILENT = "端口 {port} 有程序占着但没有应答，可能是刚启动的另一个商答。请稍等再试，或换一个：--port {other}"
PORT_FORBIDDEN = "没有权限使用端口 {port}。请用 1024 以上的端口：--port 8080"
HOST_UNKNOWN = "这台机器上没有地址 {host}。请改 --host（只给本机用：127.0.0.1；给所有人用：0.0.0.0）"
NOT_STARTED = "服务没有启动成功，原因见上面的日志。可运行 python3 -m bot doctor 检查"
STARTED = "商答已启动（按 Ctrl-C 停止）"
PAGES = (
    ("挂件演示", "/demo"),
    ("整页对话", "/chat"),
    ("帮助中心", "/help"),
    ("运行状态", "/readyz"),
)
STOPPED = "商答已停止"
LIMITED = "{name}：{detail}；其余功能照常"
ASK_HINT = "每行输入一个问题，回车得到一行 JSON；Ctrl-D 结束"

SETTING_UNKNOWN = "没有叫“{name}”的设置。全部名称见 python3 -m bot settings list"
SETTING_REFUSED = "设置“{name}”没有保存：{reason}"
SETTING_NEEDS_VALUE = "请写上新的值，或用 --default 恢复默认"
SETTING_NOT_JSON = "设置“{name}”要写成 JSON：{reason}"
SETTING_SAVED = "已保存：{name}"
SETTING_RESET = "已恢复默认：{name}"
SETTING_UNSET = "（未填写）{value}"

ENVIRONMENT_REFUSED = "环境变量 {name} 的值 {value!r} 不能用，应为{allowed}"
ALLOWED = {
    "BOT_HOME": "一个可以写入的文件夹",
    "DATABASE_URL": " sqlite:///文件路径 或 postgresql+psycopg://用户:密码@主机/库名",
    "BOT_HOST": "一个主机名或 IP 地址，如 127.0.0.1",
    "BOT_PORT": " 0 到 65535 的整数（0 表示由系统挑选）",
    "BOT_ENCODER": " built-in、已有的模型文件夹，或模型仓库里的名称（如 机构/模型）",
    "BOT_ENCODER_QUERY_PREFIX": "一行文字（原样放在提问前面），或 off",
    "BOT_ENCODER_PASSAGE_PREFIX": "一行文字（原样放在被检索的文字前面），或 off",
    "BOT_PUBLIC_URL": "以 http:// 或 https:// 开头、不带参数的网址",
    "BOT_LOG_LEVEL": " DEBUG、INFO、WARNING、ERROR 之一",
    "BOT_RATE_LIMITS": "三个 0 到 999999 的整数（每分钟次数，0 表示不限，如 30,40,300），或 off",
}

CHECKS = {
    "environment": "运行环境",
    "disk": "磁盘空间",
    "database": "数据库",
    "library": "知识库",
    "index": "检索索引",
    "encoder": "语义模型",
    "dialogue": "对话引擎",
    "worker": "后台任务",
}
ENVIRONMENT_STALE = "依赖与当前版本不一致，运行 python3 -m bot up 会重装"
DISK_LOW = "{folder} 只剩 {free} GB，请清理到 {needed} GB 以上"
WELL = "正常"

NO_CHROMIUM = "浏览器测试没有运行：没有 Chromium，也不能自动安装（要 root 和 apt-get）。请安装 chromium 后重试"
CHROMIUM_FAILED = "浏览器测试没有运行：apt-get 没能装上 chromium。请手工安装后重试"
NO_NODE = "挂件的构建工具没有安装：没有 Node.js 20 以上的版本和 npm"
NPM_FAILED = "挂件的构建工具没有安装：npm ci 失败（{reason}）"
INSTALLING_CHROMIUM = "安装 Chromium（apt-get）"
INSTALLING_WIDGET = "安装挂件的构建工具（npm ci）"
SKIPPED = "跳过"
SKIPPED_TESTS = "{count} 项测试：{reason}"

UNEXPECTED = "出了意外：{kind}: {text}。设环境变量 BOT_LOG_LEVEL=DEBUG 再运行一次可看到详情"
KNOWN_ERRORS = {
    "EncoderMissing": "语义模型装不上（{text}）。请检查 BOT_ENCODER；不设它就用自带的模型",
    "DatabaseUnsupported": "不认识的数据库地址 {text}。请检查 DATABASE_URL",
    "DatabaseNewer": "数据库是更新版本的商答建的（{text}）。请升级程序，或换一个 BOT_HOME",
    "OperationalError": "数据库打不开（{text}）。请检查 DATABASE_URL、数据库是否在运行、BOT_HOME 是否可写",
    "DatabaseError": "数据库文件读不了（{text}）。请从备份恢复，或换一个 BOT_HOME",
    "LibraryEmpty": "知识库是空的。请导入条目：python3 -m knowledge import 文件",
    "FileUnreadable": "文件读不了：{text}",
    "PermissionError": "没有写入权限（{text}）。请检查 BOT_HOME",
}
KNOWN_ERROR_NUMBERS = {28: "磁盘满了。请清理后再运行一次", 30: "磁盘是只读的（{text}）。请换一个 BOT_HOME"}


class Told(Exception):
    """The command ends here; `line` tells a person why and what to do, `status` is its exit status."""

    def __init__(self, line: str, status: int = 1) -> None:
        super().__init__(line)
        self.line = line
        self.status = status


def say(text: str) -> None:
    """One line to the person, on standard error: standard output belongs to answers."""
    try:
        print(text, file=sys.stderr, flush=True)
    except UnicodeEncodeError:
        print(text.encode("ascii", "backslashreplace").decode(), file=sys.stderr, flush=True)


def explain(error: BaseException) -> str:
    """What an exception means for the person who ran a command, as one line."""
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else ""
    number = error.errno if isinstance(error, OSError) else None
    if number in KNOWN_ERROR_NUMBERS:
        return KNOWN_ERROR_NUMBERS[number].format(text=text)
    for kind in type(error).__mro__:
        if kind.__name__ in KNOWN_ERRORS:
            return KNOWN_ERRORS[kind.__name__].format(text=text)
    return UNEXPECTED.format(kind=type(error).__name__, text=text)


class Progress:
    """A line that changes in place on a terminal; elsewhere one line a phase and no details."""

    def __init__(self) -> None:
        self._lively = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._phase = ""

    def phase(self, text: str) -> None:
        """A new step begins; the line before it stays."""
        self.end()
        self._phase = text
        if self._lively:
            self.detail("")
        else:
            say("… " + text)

    def detail(self, text: str) -> None:
        """How far the step has come."""
        if self._lively:
            line = fitted("… " + self._phase + ("  " + text if text else ""), shutil.get_terminal_size().columns - 1)
            sys.stderr.write("\r\x1b[2K" + line)
            sys.stderr.flush()

    def end(self) -> None:
        """The step is done or given up; whatever comes next begins on a line of its own."""
        if self._lively and self._phase:
            sys.stderr.write("\n")
            sys.stderr.flush()
        self._phase = ""


def fitted(text: str, columns: int) -> str:
    """The text cut to so many columns of a terminal, where a Chinese character takes two."""
    width = 0
    for place, character in enumerate(text):
        width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if width > columns:
            return text[:place]
    return text
